using System.ComponentModel.DataAnnotations;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Options;

/// <summary>The callers that have a role. Root and the daemon's own user are administrators on the unix socket, whatever stands here.</summary>
internal sealed class AccessOptions
{
    /// <summary>The group whose members are administrators on the unix socket: a name of <c>/etc/group</c> or a number. Empty for none.</summary>
    public string AdminGroup { get; set; } = "";

    /// <summary>The group whose members are operators on the unix socket. Empty for none.</summary>
    public string OperatorGroup { get; set; } = "devmapd";

    /// <summary>The group whose members are viewers on the unix socket. Empty for none.</summary>
    public string ViewerGroup { get; set; } = "";

    /// <summary>The roles of client certificates, by a name in them. Needs <see cref="TlsOptions.ClientAuthority"/>.</summary>
    public List<CertificateOptions> Certificates { get; set; } = [];
}

/// <summary>The role of client certificates that have a name.</summary>
internal sealed class CertificateOptions
{
    /// <summary>The name in subjectAltName: <c>dns:NAME</c>, <c>uri:URI</c>, <c>email:ADDRESS</c> or <c>ip:ADDRESS</c>.</summary>
    [RegularExpression("(dns|uri|email|ip):.+", ErrorMessage = "must be dns:NAME, uri:URI, email:ADDRESS or ip:ADDRESS")]
    [Required(ErrorMessage = "must be set")]
    public string San { get; set; } = "";

    /// <summary>The role.</summary>
    public Role Role { get; set; } = Role.Viewer;
}

/// <summary>The files of TLS, in PEM. A file that changes is read again with the next connection.</summary>
internal sealed class TlsOptions
{
    /// <summary>The daemon's certificate, followed by those between it and its authority: an absolute path. Needed for <c>https://</c>.</summary>
    [AbsolutePath]
    public string Certificate { get; set; } = "";

    /// <summary>The key of the certificate: an absolute path.</summary>
    [AbsolutePath]
    public string Key { get; set; } = "";

    /// <summary>The authorities that sign certificates of clients: an absolute path. Empty if clients have none.</summary>
    [AbsolutePath]
    public string ClientAuthority { get; set; } = "";
}

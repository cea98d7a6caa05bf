using System.ComponentModel.DataAnnotations;

namespace ControlPlane.Daemon.Options;

/// <summary>Where the daemon listens: loopback and a unix socket, nothing else.</summary>
internal sealed class ListenOptions
{
    /// <summary>REST and the pages, HTTP/1.1. A loopback address such as <c>http://127.0.0.1:5080</c>; port 0 takes a free one.</summary>
    [Required, LoopbackAddress]
    public string Rest { get; set; } = "http://127.0.0.1:5080";

    /// <summary>gRPC, HTTP/2 without TLS. A loopback address on another port than <see cref="Rest"/>.</summary>
    [Required, LoopbackAddress]
    public string Grpc { get; set; } = "http://127.0.0.1:5081";

    /// <summary>
    /// The unix socket that serves both, mode 0660: an absolute path of at most 107 bytes (<c>sun_path</c> less its
    /// terminator). Empty for none.
    /// </summary>
    [AbsolutePath(MaxBytes = 107)]
    public string UnixSocket { get; set; } = "/run/devmapd/devmapd.sock";
}

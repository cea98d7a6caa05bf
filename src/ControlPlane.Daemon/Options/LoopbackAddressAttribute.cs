using System.ComponentModel.DataAnnotations;
using System.Net;

namespace ControlPlane.Daemon.Options;

/// <summary>An <c>http://</c> address on loopback, without a path.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LoopbackAddressAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null or "" || TryParse((string)value) is not null
            ? ValidationResult.Success
            : new ValidationResult("must be http://HOST:PORT with a loopback HOST (127.0.0.1, [::1] or localhost), and no path");

    /// <summary>The address and port, or null when the text is no such address. <c>localhost</c> is 127.0.0.1.</summary>
    public static IPEndPoint? TryParse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp
            || uri.PathAndQuery != "/" || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0)
            return null;
        if (uri.Host == "localhost")
            return new IPEndPoint(IPAddress.Loopback, uri.Port);
        return IPAddress.TryParse(uri.DnsSafeHost, out var address) && IPAddress.IsLoopback(address)
            ? new IPEndPoint(address, uri.Port)
            : null;
    }
}

using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Options;

/// <summary>Requires an absolute path in its shortest form. Empty is valid; <see cref="RequiredAttribute"/> refuses it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AbsolutePathAttribute : ValidationAttribute
{
    /// <summary>The longest path in bytes of UTF-8.</summary>
    public int MaxBytes { get; init; } = 4095;

    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) => value switch
    {
        null or "" => ValidationResult.Success,
        string path when !path.StartsWith('/') => new ValidationResult("must be an absolute path"),
        string path when path.Contains('\0', StringComparison.Ordinal) => new ValidationResult("must not contain a zero byte"),
        string path when Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)) != Path.TrimEndingDirectorySeparator(path) =>
            new ValidationResult($"must be written without '.', '..' and '//': {Path.GetFullPath(path)}"),
        string path when Encoding.UTF8.GetByteCount(path) > MaxBytes => new ValidationResult($"must be at most {MaxBytes} bytes long"),
        _ => ValidationResult.Success,
    };
}

/// <summary>
/// Requires an address to listen on: <c>http://</c> with a loopback address, or <c>https://</c> with any address, and no path. Empty is
/// valid: nothing listens then.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ListenAddressAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null or "" || ListenAddress.TryParse((string)value, out var error) is not null ? ValidationResult.Success : new ValidationResult(error);
}

/// <summary>An address to listen on.</summary>
/// <param name="EndPoint">The address and port.</param>
/// <param name="IsSecure">Whether connections use TLS.</param>
internal sealed record ListenAddress(IPEndPoint EndPoint, bool IsSecure)
{
    private const string Rule = "must be http://HOST:PORT with a loopback HOST (127.0.0.1, [::1] or localhost), or https://ADDRESS:PORT, and no path";

    /// <summary>Returns the address; null if the text is none. <c>localhost</c> is 127.0.0.1.</summary>
    public static ListenAddress? TryParse(string text, out string error)
    {
        error = Rule;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.PathAndQuery != "/" || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0)
            return null;
        var secure = uri.Scheme == Uri.UriSchemeHttps;
        if (uri.Host == "localhost")
            return new ListenAddress(new IPEndPoint(IPAddress.Loopback, uri.Port), secure);
        if (!IPAddress.TryParse(uri.DnsSafeHost, out var address))
            return null;
        if (secure || IPAddress.IsLoopback(address))
            return new ListenAddress(new IPEndPoint(address, uri.Port), secure);
        error = $"is not a loopback address, so it needs TLS: https://{text[(text.IndexOf("//", StringComparison.Ordinal) + 2)..]}";
        return null;
    }
}

/// <summary>Requires the name of a key selector.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class KeySelectorNameAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        KeySelector.Set.TryFind((string?)value, out _)
            ? ValidationResult.Success
            : new ValidationResult($"must be one of {KeySelector.Set.Names}, but is '{value}'");
}

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

/// <summary>Requires an <c>http://</c> address on loopback without a path. Empty is valid; <see cref="RequiredAttribute"/> refuses it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LoopbackAddressAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null or "" || TryParse((string)value) is not null
            ? ValidationResult.Success
            : new ValidationResult("must be http://HOST:PORT with a loopback HOST (127.0.0.1, [::1] or localhost), and no path");

    /// <summary>Returns the address and port; null if the text is no such address. <c>localhost</c> is 127.0.0.1.</summary>
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

using System.ComponentModel.DataAnnotations;
using System.Text;

namespace ControlPlane.Daemon.Options;

/// <summary>An absolute path in its shortest form; empty passes (<see cref="RequiredAttribute"/> refuses that).</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AbsolutePathAttribute : ValidationAttribute
{
    /// <summary>Longest path in bytes of UTF-8.</summary>
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

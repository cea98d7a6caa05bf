namespace ControlPlane.Daemon.Options;

/// <summary>One fault of the configuration.</summary>
/// <param name="Key">The whole configuration key, for instance <c>ControlPlane:Writer:MaxBatch</c>.</param>
/// <param name="Message">What is wrong and what would be right.</param>
internal sealed record OptionFault(string Key, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key}: {Message}";
}

namespace ControlPlane.Core.Errors;

/// <summary>The errors about probes.</summary>
public static class ProbeErrors
{
    /// <summary>The setting that allows probes.</summary>
    public const string Setting = "ControlPlane:Probe:Enabled";

    /// <summary>Probes are switched off.</summary>
    public static Error Off() => new(ErrorCode.PermissionDenied, $"Probes are switched off, because they send real frames. The setting {Setting} allows them.")
    {
        Remedy = new Remedy(
            $"Start the daemon with {Setting}=true: in its settings file, as the argument --{Setting}=true, or as the environment variable {Setting.Replace(":", "__", StringComparison.Ordinal)}=true."),
    };

    /// <summary>The host cannot send live frames, or cannot follow them.</summary>
    /// <param name="since">The kernel version that brings live frames.</param>
    /// <param name="detail">Why they are missing.</param>
    public static Error NotSupported(string since, string? detail) => new(
        ErrorCode.NotSupported,
        $"This host cannot send probes: they need live frames, which came with Linux {since}, and programs on the kernel's tracepoints, which need BTF and CAP_PERFMON{(detail is null ? "" : $" ({detail})")}.");

    /// <summary>The redirect program does not run in native mode where frames for the entry arrive.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="key">The key of the entry.</param>
    /// <param name="ingress">The interface that the redirect program must run on; null for any.</param>
    /// <param name="running">The attachment that runs there in another mode, and that mode; null if none does.</param>
    public static Error NotNative(string devmap, string key, string? ingress, (AttachmentWrite Attachment, string Mode)? running)
    {
        var attachment = running?.Attachment ?? (ingress is null ? null : new AttachmentWrite(devmap, ingress));
        var where = attachment is null ? "on any interface" : $"on '{attachment.Interface}'";
        return new(
            ErrorCode.InterfaceUnsuitable,
            running is not { } other
                ? $"Only native mode can be probed, and the redirect program of '{devmap}' does not run {where}."
                : $"Only native mode can be probed, and the redirect program of '{devmap}' runs {where} in {other.Mode} mode.")
        {
            Resource = $"devmaps/{devmap}/entries/{key}",
            Remedy = attachment is null
                ? new Remedy("Attach the redirect program in native mode to the interface that the frames arrive on.")
                : new Remedy("Attach the redirect program in native mode.", attachment.With("mode", "native")),
        };
    }
}

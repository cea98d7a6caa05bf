namespace ControlPlane.Core.Errors;

/// <summary>The errors about the place that the daemon runs in.</summary>
public static class HostErrors
{
    /// <summary>The pins belong to another network namespace, in which their links steer frames.</summary>
    /// <param name="pinRoot">The pin root.</param>
    /// <param name="pinned">The network namespace of the pins, in words.</param>
    /// <param name="current">The network namespace of the daemon, in words.</param>
    /// <param name="alive">The interfaces of the links that are alive.</param>
    public static Error OtherNamespace(string pinRoot, string pinned, string current, IReadOnlyList<string> alive) => new(
        ErrorCode.AttachConflict,
        $"The pins under {pinRoot} belong to another network namespace ({pinned}) than the daemon's ({current}), and steer frames there: links are alive for {string.Join(", ", alive)}.")
    {
        Remedy = new Remedy(
            "Give this daemon pins and a store of its own, with ControlPlane:PinRoot and ControlPlane:StateDirectory. Or remove these pins, if nobody needs them:",
            $"devmapd teardown --ControlPlane:PinRoot={pinRoot}"),
    };

    /// <summary>The store was last used with other pins, which steer frames in another network namespace.</summary>
    /// <param name="store">The state directory.</param>
    /// <param name="pinRoot">The pin root that the store was last used with.</param>
    /// <param name="last">The network namespace that the store was last used in, in words.</param>
    /// <param name="current">The network namespace of the daemon, in words.</param>
    /// <param name="alive">The interfaces of the links that are alive.</param>
    public static Error StoreOfOtherNamespace(string store, string pinRoot, string last, string current, IReadOnlyList<string> alive) => new(
        ErrorCode.AttachConflict,
        $"The store in {store} belongs to a daemon in another network namespace ({last}) than this one ({current}); that daemon's pins under {pinRoot} steer frames there: links are alive for {string.Join(", ", alive)}.")
    {
        Remedy = new Remedy(
            "Give this daemon a store of its own, with ControlPlane:StateDirectory. Or remove the other pins, if nobody needs them:",
            $"devmapd teardown --ControlPlane:PinRoot={pinRoot}"),
    };
}

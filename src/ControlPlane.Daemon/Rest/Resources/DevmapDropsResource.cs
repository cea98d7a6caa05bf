using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What the kernel dropped of the frames a devmap redirected.</summary>
internal sealed class DevmapDropsResource
{
    /// <summary>All of them by cause; causes that have not come up are left out.</summary>
    public required IEnumerable<CauseCountResource> Causes { get; init; }

    /// <summary>Those that got as far as the target's queue, by target and cause. One queue serves all devmaps that send there.</summary>
    public required IEnumerable<TargetDropsResource> Targets { get; init; }

    public static DevmapDropsResource? From(DevmapDrops? drops) => drops is null ? null : new()
    {
        Causes = drops.ByCause.Select(CauseCountResource.From),
        Targets = drops.ByTarget.Select(TargetDropsResource.From),
    };
}

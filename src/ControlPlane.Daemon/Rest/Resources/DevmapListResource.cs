namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The devmaps of the host.</summary>
internal sealed class DevmapListResource
{
    /// <summary>All devmaps, in order of their names.</summary>
    public required IEnumerable<DevmapResource> Devmaps { get; init; }
}

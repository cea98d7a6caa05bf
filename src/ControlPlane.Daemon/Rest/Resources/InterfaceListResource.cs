namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The interfaces of the daemon's network namespace.</summary>
internal sealed class InterfaceListResource
{
    /// <summary>All interfaces, in order of their index.</summary>
    public required IEnumerable<InterfaceResource> Interfaces { get; init; }
}

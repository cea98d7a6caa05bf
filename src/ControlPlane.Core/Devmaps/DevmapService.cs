namespace ControlPlane.Core.Devmaps;

/// <summary>Devmaps: what both faces call.</summary>
public sealed class DevmapService
{
    /// <summary>All devmaps, in order of their names.</summary>
    public IReadOnlyList<DevmapView> List() => throw new NotImplementedException();

    /// <summary>One devmap.</summary>
    public DevmapView Get(string devmap) => throw new NotImplementedException();
}

namespace ControlPlane.Core.Interfaces;

/// <summary>Interfaces: what both faces call.</summary>
public sealed class InterfaceService
{
    /// <summary>All interfaces, in order of their index.</summary>
    public IReadOnlyList<InterfaceView> List() => throw new NotImplementedException();

    /// <summary>One interface.</summary>
    public InterfaceView Get(string name) => throw new NotImplementedException();
}

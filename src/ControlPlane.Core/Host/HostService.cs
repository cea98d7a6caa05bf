namespace ControlPlane.Core.Host;

/// <summary>The host: what both faces call.</summary>
public sealed class HostService
{
    /// <summary>Versions and features.</summary>
    public HostView Get() => throw new NotImplementedException();
}

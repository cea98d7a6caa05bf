using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>Conditions of the host, or of the daemon on it, that the kernel does not know.</summary>
public interface IHostConditions
{
    /// <summary>Returns the conditions as of now.</summary>
    IReadOnlyList<Condition> Read();
}

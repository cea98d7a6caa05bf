using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Ports;

/// <summary>The pins of the kernel's objects. The objects live on while the daemon holds them; without pins they end with the daemon.</summary>
public interface IPins
{
    /// <summary>Returns the pins that somebody else removed, as paths below the pin root. For the writer's thread.</summary>
    IReadOnlyList<string> FindMissing();

    /// <summary>Pins the objects of all missing pins again, from the descriptors held.</summary>
    /// <exception cref="KernelException">The kernel refused. Some of it is done, and all of it can be done again.</exception>
    void Restore(WriterScope scope);
}

/// <summary>The pins of a kernel that has none.</summary>
public sealed class NoPins : IPins
{
    private NoPins()
    {
    }

    /// <summary>The one instance.</summary>
    public static NoPins Instance { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<string> FindMissing() => [];

    /// <inheritdoc/>
    public void Restore(WriterScope scope) => scope.Demand();
}

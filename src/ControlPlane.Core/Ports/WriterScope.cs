namespace ControlPlane.Core.Ports;

/// <summary>
/// The permission to change the kernel. Only the writer's loop can make one, and being a ref struct it cannot be kept
/// or carried to another thread: a stray write does not compile.
/// </summary>
public readonly ref struct WriterScope
{
    private readonly bool _granted;

    internal WriterScope(bool granted) => _granted = granted;

    /// <summary>Throws when the scope was not made by the writer (a <c>default</c> value).</summary>
    public void Demand()
    {
        if (!_granted)
            throw new InvalidOperationException("only the writer may change the kernel");
    }
}

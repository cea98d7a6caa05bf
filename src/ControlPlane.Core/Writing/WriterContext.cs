using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing;

/// <summary>What a command works with: state, kernel, clock, and the interfaces as the kernel gave them during this batch.</summary>
internal sealed class WriterContext(ControlPlaneState state, IKernel kernel, TimeProvider time, ILogger logger)
{
    private readonly Dictionary<string, InterfaceInfo?> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, InterfaceInfo?> _byIfindex = [];

    public ControlPlaneState State { get; } = state;

    public IKernel Kernel { get; } = kernel;

    public ILogger Logger { get; } = logger;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>
    /// The interface of this name. The kernel is asked at the first use in a batch: the monitored table may be behind what the
    /// caller already knows, and one question a batch costs a bulk load nothing.
    /// </summary>
    public InterfaceInfo? Interface(string name)
    {
        if (!_byName.TryGetValue(name, out var info))
            _byName[name] = info = Kernel.Interfaces.Query(name);
        return info;
    }

    /// <summary>The interface of this index, likewise.</summary>
    public InterfaceInfo? Interface(uint ifindex)
    {
        if (!_byIfindex.TryGetValue(ifindex, out var info))
            _byIfindex[ifindex] = info = Kernel.Interfaces.Query(ifindex);
        return info;
    }

    /// <summary>Forgets the interfaces: at the end of a batch, and when the kernel says that one has gone meanwhile.</summary>
    public void ForgetInterfaces()
    {
        _byName.Clear();
        _byIfindex.Clear();
    }
}

using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Host;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Drops;
using ControlPlane.Kernel.Features;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;
using ControlPlane.Kernel.Programs;
using ControlPlane.Kernel.Targets;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel;

/// <summary>
/// The real kernel, by libbpf. Whoever makes it has seen <see cref="Hosting.KernelPreflight"/> pass and holds the lock on
/// the pin root: leftovers of a crash are cleared away when it is made.
/// </summary>
public sealed class LibbpfKernel : IKernel
{
    private readonly string _pinRoot;
    private readonly ILogger _logger;
    private readonly LibbpfEgressPrograms _programs;
    private readonly LibbpfTargetPrograms _targets;
    private readonly LibbpfDropCounters _drops;
    private readonly Lazy<HostFacts> _host;

    /// <summary>Prepares the pin root, and counts drops in the calling thread's network namespace. Opens no devmap or program yet.</summary>
    /// <exception cref="IOException">The pin root cannot be made.</exception>
    public LibbpfKernel(KernelOptions options, IInterfaces interfaces, ILoggerFactory loggers)
    {
        (_pinRoot, Interfaces) = (Path.GetFullPath(options.PinRoot), interfaces);
        _logger = loggers.CreateLogger<LibbpfKernel>();
        LibbpfPrint.SendTo(loggers.CreateLogger("libbpf"));
        FileDescriptor.OccupyZero();
        PinFolder.Create(_pinRoot);
        PinFolder.Recover(_pinRoot, _logger);
        foreach (var parent in new[] { DevmapPins.Parent(_pinRoot), ProgramPins.Parent(_pinRoot) })
        {
            PinFolder.Create(parent);
            PinFolder.Recover(parent, _logger);
        }

        _programs = new LibbpfEgressPrograms(_pinRoot, _logger);
        _targets = new LibbpfTargetPrograms(_pinRoot, interfaces, _logger);
        _drops = new LibbpfDropCounters(_pinRoot, _logger);
        _host = new Lazy<HostFacts>(() => HostProbe.Run(interfaces, _drops.Feature));
    }

    /// <inheritdoc/>
    public HostFacts Host => _host.Value;

    /// <inheritdoc/>
    public IInterfaces Interfaces { get; }

    /// <inheritdoc/>
    public IEgressPrograms Programs => _programs;

    /// <inheritdoc/>
    public ITargetPrograms Targets => _targets;

    /// <inheritdoc/>
    public IDropCounters Drops => _drops;

    /// <inheritdoc/>
    public IDevmap OpenDevmap(WriterScope scope, DevmapDefinition definition)
    {
        scope.Demand();
        var devmap = LibbpfDevmap.Open(_pinRoot, definition, _programs, Interfaces, _logger);
        _drops.Add(definition.Name, devmap.MapId);
        return devmap;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _drops.Dispose();
        _targets.Dispose();
        _programs.Dispose();
    }
}

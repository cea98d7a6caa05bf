using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Drops;
using ControlPlane.Kernel.LiveFrames;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Probing;
using ControlPlane.Kernel.Programs;
using ControlPlane.Kernel.Targets;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Hosting;

/// <summary>The settings of the kernel layer.</summary>
public sealed record KernelOptions
{
    /// <summary>The folder of a bpffs that holds all pins, created with mode 0700 if it does not exist. One daemon per folder.</summary>
    public string PinRoot { get; init; } = "/sys/fs/bpf/devmapd";
}

/// <summary>
/// The real kernel, through libbpf. Before creating it, the caller passes <see cref="Probing.KernelPreflight"/> and takes the lock
/// on the pin root: the constructor removes leftovers of a crash.
/// </summary>
public sealed class LibbpfKernel : IKernel, IPins
{
    private readonly string _pinRoot;
    private readonly ILogger _logger;
    private readonly LibbpfEgressPrograms _programs;
    private readonly LibbpfPassPrograms _passPrograms;
    private readonly LibbpfDropCounters _drops;
    private readonly LibbpfLiveFrames _liveFrames;
    private readonly Lazy<HostFacts> _host;
    private readonly Lazy<bool> _hasTcx = new(() => KernelFeatureProbes.Tcx().Available);
    private readonly List<LibbpfDevmap> _devmaps = [];
    private readonly HostIdentity _identity;
    private DirectoryLock? _lock;

    /// <summary>Prepares the pin root and starts counting drops in the network namespace of the calling thread. Opens no devmap or program yet.</summary>
    /// <exception cref="IOException">The pin root cannot be created.</exception>
    public LibbpfKernel(KernelOptions options, IInterfaces interfaces, ILoggerFactory loggers)
    {
        (_pinRoot, Interfaces) = (Path.GetFullPath(options.PinRoot), interfaces);
        _logger = loggers.CreateLogger<LibbpfKernel>();
        LibbpfPrint.SendTo(loggers.CreateLogger("libbpf"));
        FileDescriptor.OccupyZero();
        PinFolder.Create(_pinRoot);
        _identity = HostIdentity.Current(_pinRoot);
        ClaimPins(_identity);
        PinFolder.Recover(_pinRoot, _logger);
        foreach (var parent in new[] { DevmapPins.Parent(_pinRoot), EgressProgramPins.Parent(_pinRoot) })
        {
            PinFolder.Create(parent);
            PinFolder.Recover(parent, _logger);
        }

        _programs = new LibbpfEgressPrograms(_pinRoot, _logger);
        _passPrograms = new LibbpfPassPrograms(_pinRoot, interfaces, _logger);
        _drops = new LibbpfDropCounters(_pinRoot, _logger);
        _liveFrames = new LibbpfLiveFrames(name => _devmaps.Find(d => d.Definition.Name == name && !d.IsClosed));
        _host = new Lazy<HostFacts>(() => HostProbe.Run(interfaces, _drops.Feature));
    }

    // Pins of another network namespace say nothing about the interfaces of this one, even if these have the same names and indexes.
    private void ClaimPins(HostIdentity identity)
    {
        if (PinnedIdentity.Read(_pinRoot) is not { } pinned)
        {
            PinnedIdentity.Write(_pinRoot, identity);
            return;
        }

        if (pinned.HasSameNamespace(identity))
            return;
        if (PinnedIdentity.WaitForLiveLinks(_pinRoot) is { Count: > 0 } alive)
            throw new ControlPlaneException(HostErrors.OtherNamespace(_pinRoot, pinned.DescribeNamespace(), identity.DescribeNamespace(), alive));
        KernelLog.OtherNamespace(_logger, _pinRoot, pinned.DescribeNamespace());
        Teardown.Run(_pinRoot, keepRoot: true);
        PinnedIdentity.Write(_pinRoot, identity);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Condition> ReadConditions() => [BpffsLifetime.Judge(_pinRoot)];

    /// <inheritdoc/>
    public HostFacts Host => _host.Value;

    /// <inheritdoc/>
    public IInterfaces Interfaces { get; }

    /// <inheritdoc/>
    public IEgressPrograms Programs => _programs;

    /// <inheritdoc/>
    public IActionDryRun Actions { get; } = new ActionDryRun();

    /// <inheritdoc/>
    public IPassPrograms PassPrograms => _passPrograms;

    /// <inheritdoc/>
    public IDropCounters Drops => _drops;

    /// <inheritdoc/>
    public ILiveFrames LiveFrames => _liveFrames;

    /// <inheritdoc/>
    public IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed = 0)
    {
        scope.Demand();
        var devmap = LibbpfDevmap.Open(_pinRoot, definition, committed, _hasTcx.Value, _programs, _drops, Interfaces, _logger);
        _devmaps.Add(devmap);
        return devmap;
    }

    /// <inheritdoc/>
    public IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition)
    {
        scope.Demand();
        var before = (LibbpfDevmap)devmap;
        // The change goes by the pins, and others may have removed some.
        HeldPins.Restore(before.Held);
        before.Settle();
        var changed = LibbpfDevmap.Open(_pinRoot, definition, 0, _hasTcx.Value, _programs, _drops, Interfaces, _logger, before);
        before.IsReplaced = true;
        _devmaps[_devmaps.IndexOf(before)] = changed;
        foreach (var link in changed.Links.Where(l => l.Ifindex != 0))
            Interfaces.Invalidate(link.Ifindex);
        return changed;
    }

    /// <inheritdoc/>
    public bool RemoveDevmap(WriterScope scope, string devmap)
    {
        scope.Demand();
        var (pins, open) = (DevmapPins.Of(_pinRoot, devmap), _devmaps.Find(d => d.Definition.Name == devmap && !d.IsClosed));
        if (open is not null)
        {
            open.DetachAll();
            open.IsReplaced = true;
            _devmaps.Remove(open);
        }

        _drops.Remove(devmap);
        if (!Directory.Exists(pins.Folder))
            return open is not null;
        // The links that a devmap has which is not open.
        DevmapRemoval.Run(pins, _ => { });
        KernelLog.DevmapRemoved(_logger, devmap);
        return true;
    }

    /// <inheritdoc/>
    public IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope)
    {
        scope.Demand();
        return [.. Directory.GetDirectories(DevmapPins.Parent(_pinRoot)).Order(StringComparer.Ordinal).Select(f => DevmapAdoption.Find(new DevmapPins(f))).OfType<DevmapRecord>()];
    }

    /// <inheritdoc/>
    public IPins Pins => this;

    /// <inheritdoc/>
    IReadOnlyList<string> IPins.FindMissing()
    {
        string[] identity = File.Exists(PinnedIdentity.PathOf(_pinRoot)) ? [] : [PinnedIdentity.PathOf(_pinRoot)];
        return [.. Held.Where(p => !p.Exists).Select(p => p.Path).Concat(identity).Select(path => Path.GetRelativePath(_pinRoot, path))];
    }

    /// <inheritdoc/>
    void IPins.Restore(WriterScope scope)
    {
        scope.Demand();
        try
        {
            // The lock was on the folder that was removed.
            if (!Directory.Exists(_pinRoot))
                _lock = DirectoryLock.Acquire(_pinRoot);
            foreach (var parent in new[] { DevmapPins.Parent(_pinRoot), EgressProgramPins.Parent(_pinRoot) })
                PinFolder.Create(parent);
        }
        catch (Exception e) when (e is DirectoryLockedException or IOException or UnauthorizedAccessException)
        {
            throw new KernelException($"mkdir({_pinRoot})", Errno.EACCES, e.Message);
        }

        if (!File.Exists(PinnedIdentity.PathOf(_pinRoot)))
            PinnedIdentity.Write(_pinRoot, _identity);
        HeldPins.Restore(Held);
    }

    // Devmaps last: a devmap's folder is whole once it has its name.
    private IEnumerable<HeldPin> Held => [.. _programs.Held, .. _passPrograms.Held, .. _drops.Held, .. _devmaps.Where(d => !d.IsClosed).SelectMany(d => d.Held)];

    /// <inheritdoc/>
    public void Dispose()
    {
        _lock?.Dispose();
        _drops.Dispose();
        _passPrograms.Dispose();
        _programs.Dispose();
    }
}

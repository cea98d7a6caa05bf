using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Programs;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// A devmap in the kernel. The writer's descriptors are <c>BPF_F_WRONLY</c> and the readers' are <c>BPF_F_RDONLY</c>, so the
/// kernel itself refuses a write on a reader's path. No descriptor that can do both outlives the creation.
/// </summary>
internal sealed partial class LibbpfDevmap : IDevmap
{
    /// <summary>The map allocates without waiting, so ENOMEM can be temporary.</summary>
    private const int UpdateAttempts = 5;

    private readonly ILogger _logger;
    private readonly LibbpfEgressPrograms _programs;
    private readonly XdpLinks _links;

    private readonly FileDescriptor _write;
    private readonly FileDescriptor _read;
    private readonly Slots _slots;
    private readonly EntryIds _ids;
    private readonly FileDescriptor _moreCounts;
    private readonly FileDescriptor _totals;
    private readonly FileDescriptor _missed;
    private readonly FileDescriptor _moreTotals;
    private readonly FileDescriptor _actionTotals;
    private readonly FileDescriptor _config;
    private readonly FileDescriptor? _tcxConfig;
    private readonly FileDescriptor? _toPeers;
    private readonly FileDescriptor? _judge;
    private readonly DevmapPins _pins;
    private readonly Dictionary<RedirectProgram, (FileDescriptor Fd, uint Id)> _redirects;

    private LibbpfDevmap(
        DevmapRecord definition, bool adopted, DevmapPins pins, FileDescriptor? judge, LibbpfEgressPrograms programs, IInterfaces interfaces, ILogger logger)
    {
        (Definition, Adopted, _judge, _programs, _logger, _pins) = (definition, adopted, judge, programs, logger, pins);
        _write = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_WRONLY);
        _read = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_RDONLY);
        _slots = new Slots(definition.Name, pins);
        _ids = new EntryIds(definition, pins, _slots, _read);
        _moreCounts = Pin.OpenMap(pins.MoreCounts, BpfConstants.BPF_F_RDONLY);
        _totals = Pin.OpenMap(pins.Totals, BpfConstants.BPF_F_RDONLY);
        _missed = Pin.OpenMap(pins.Missed, BpfConstants.BPF_F_RDONLY);
        _moreTotals = Pin.OpenMap(pins.MoreTotals, BpfConstants.BPF_F_RDONLY);
        _actionTotals = Pin.OpenMap(pins.ActionTotals, BpfConstants.BPF_F_RDONLY);
        _config = Pin.OpenMap(pins.Config, BpfConstants.BPF_F_RDONLY);
        _tcxConfig = OpenIfThere(pins.TcxConfig);
        _toPeers = OpenIfThere(pins.ToPeers);
        _redirects = RedirectPrograms.Xdp.Append(RedirectProgram.Tcx).Where(p => File.Exists(pins.Program(p))).ToDictionary(p => p, p => Open(pins.Program(p)));
        _links = new XdpLinks(pins.Links, $"devmap {definition.Name}", interfaces);
        MapId = BpfInfo.OfMap(_read).id;
        ProgramIds = [.. _redirects.Values.Select(p => p.Id)];

        static FileDescriptor? OpenIfThere(string path) => File.Exists(path) ? Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY) : null;

        static (FileDescriptor, uint) Open(string path)
        {
            var program = Pin.OpenProgram(path);
            return (program, BpfInfo.OfProgram(program).id);
        }
    }

    public DevmapRecord Definition { get; }

    public bool Adopted { get; }

    public uint MapId { get; }

    public uint RedirectProgramId => _redirects[RedirectProgram.Plain].Id;

    public IReadOnlyList<uint> ProgramIds { get; }

    /// <summary>Whether the descriptors are closed.</summary>
    public bool IsClosed => _read.IsClosed;

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<HeldPin> Held =>
    [
        Pinned(_pins.Active, _read), Pinned(_pins.Slots, _slots.Devmaps), Pinned(_pins.Tables, _slots.Tables), Pinned(_pins.Switch, _slots.SwitchMap),
        .. _ids.Held.Select(h => Pinned(h.Path, h.Map)), Pinned(_pins.MoreCounts, _moreCounts), Pinned(_pins.Totals, _totals),
        Pinned(_pins.Missed, _missed), Pinned(_pins.MoreTotals, _moreTotals), Pinned(_pins.ActionTotals, _actionTotals), Pinned(_pins.Config, _config),
        .. _redirects.Select(r => Pinned(_pins.Program(r.Key), r.Value.Fd)),
        .. _tcxConfig is null ? [] : new[] { Pinned(_pins.TcxConfig, _tcxConfig) }, .. _toPeers is null ? [] : new[] { Pinned(_pins.ToPeers, _toPeers) },
        .. _links.Held(_pins.Folder),
    ];

    /// <summary>Creates the devmap, or adopts it if it is pinned. Programs with other settings are replaced.</summary>
    /// <param name="pinRoot">The pin root.</param>
    /// <param name="definition">The devmap.</param>
    /// <param name="hasTcx">Whether the kernel has tcx.</param>
    /// <param name="programs">The egress programs.</param>
    /// <param name="interfaces">The interfaces.</param>
    /// <param name="logger">The log.</param>
    /// <param name="before">The devmap as it was opened before with other settings, and does not write any more; null if it was not.</param>
    public static LibbpfDevmap Open(
        string pinRoot, DevmapRecord definition, bool hasTcx, LibbpfEgressPrograms programs, IInterfaces interfaces, ILogger logger, LibbpfDevmap? before = null)
    {
        var pins = DevmapPins.Of(pinRoot, definition.Name);
        var adopted = Directory.Exists(pins.Folder);
        if (adopted)
        {
            RedirectUpgrade.Recover(pins);
            DevmapAdoption.Check(definition, pins);
            RedirectUpgrade.Run(definition, pins, logger);
        }
        else
        {
            DevmapCreation.Create(definition, pins);
        }

        var judge = hasTcx ? TcxProgram.Ensure(definition, pins, logger) : null;
        var devmap = new LibbpfDevmap(definition, before?.Adopted ?? adopted, pins, judge, programs, interfaces, logger);
        try
        {
            devmap._links.Adopt(devmap.ProgramIds);
            devmap._links.Choose(devmap.ProgramFor);
            RedirectUpgrade.TakeOverCounts(pins, definition.Spec.Counters ? devmap._ids : null, devmap._slots);
            if (adopted && before is null && (definition.Spec.Counters || devmap._ids.HaveActions))
                devmap._ids.EndGone(key => devmap.TryLookup(key, out _));
        }
        catch
        {
            devmap.Dispose();
            throw;
        }

        if (before is not null)
            KernelLog.DevmapChanged(logger, definition.Name, devmap.RedirectProgramId);
        else if (adopted)
            KernelLog.DevmapAdopted(logger, definition.Name, devmap.MapId, devmap.RedirectProgramId, devmap._links.All.Count);
        else
            KernelLog.DevmapCreated(logger, definition.Name, devmap.MapId, devmap.RedirectProgramId);
        return devmap;
    }

    public void Activate(WriterScope scope)
    {
        scope.Demand();
        _slots.Restore(_write, _ids.Table);
    }

    /// <remarks>
    /// A new element counts from zero, so its key gets another id before the element is written. A lookup (half the cost of an
    /// update) tells whether the element is new, unless the caller already knows.
    /// </remarks>
    public void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces, EntryActions? actions)
    {
        scope.Demand();
        var program = egressProgram is null ? null : ProgramToCarry(egressProgram);
        var after = ActionConfig.Of(actions);
        // Without counters only entries with actions need an id.
        var begins = (Definition.Spec.Counters || after.flags != 0) && !((replaces ?? TryLookup(key, out _)) && _ids.Knows(key));
        if (begins)
            _ids.Begin(key);
        try
        {
            var before = _ids.ActionsOf(key);
            if (ActionConfig.AreSame(before, after))
                Write(key, ifindex, program);
            else
                _ids.Change(ChangeOf(key, before, new devmapd_version { ifindex = ifindex, program = IdOf(program), actions = after }), () => Write(key, ifindex, program));
        }
        catch (KernelException) when (begins)
        {
            _ids.End(key);
            throw;
        }
    }

    public bool Delete(WriterScope scope, uint key)
    {
        scope.Demand();
        var (before, removed) = (_ids.ActionsOf(key), false);
        if (before.flags == 0)
            removed = Remove(key);
        else
            _ids.Change(ChangeOf(key, before, default), () => removed = Remove(key));
        // Also of a devmap that does not count any more.
        if (_ids.Knows(key))
            _ids.End(key);
        return removed;
    }

    public void Count(WriterScope scope, uint key)
    {
        scope.Demand();
        if (Definition.Spec.Counters && !_ids.Knows(key) && TryLookup(key, out _))
            _ids.Begin(key);
    }

    /// <summary>Waits for what runs beside the writer. Nothing is written afterwards.</summary>
    public void Settle() => _ids.Settle();

    /// <summary>Detaches the redirect program everywhere.</summary>
    public void DetachAll()
    {
        foreach (var link in _links.All)
            _links.Detach(link.Interface);
    }

    /// <summary>Closes descriptors. The kernel objects stay, and frames keep flowing.</summary>
    public void Dispose()
    {
        _links.Dispose();
        _config.Dispose();
        _judge?.Dispose();
        _toPeers?.Dispose();
        _tcxConfig?.Dispose();
        foreach (var (program, _) in _redirects.Values)
            program.Dispose();
        _actionTotals.Dispose();
        _moreTotals.Dispose();
        _missed.Dispose();
        _totals.Dispose();
        _moreCounts.Dispose();
        _ids.Dispose();
        _slots.Dispose();
        _read.Dispose();
        _write.Dispose();
    }

    private devmapd_change ChangeOf(uint key, devmapd_actions actions, devmapd_version after)
    {
        TryLookup(key, out var element);
        return new devmapd_change { key = key, before = new devmapd_version { ifindex = element.Ifindex, program = element.EgressProgramId, actions = actions }, after = after };
    }

    private void Write(uint key, uint ifindex, FileDescriptor? program)
    {
        // The struct carries the descriptor by number, so it must stay open during the call.
        var value = new bpf_devmap_val_write { ifindex = ifindex, bpf_prog_fd = program?.Number ?? 0 };
        var result = 0;
        for (var attempt = 1; attempt <= UpdateAttempts; attempt++)
        {
            result = Definition.Spec.ValueSize == sizeof(uint) ? BpfMap.Update(_write, key, ifindex) : BpfMap.Update(_write, key, value);
            if (result != -Errno.ENOMEM)
                break;
            Thread.Sleep(TimeSpan.FromMilliseconds(attempt - 1));
        }

        GC.KeepAlive(program);
        if (result != 0)
            throw KernelCall.Failure($"bpf_map_update_elem(devmap {Definition.Name}, key {key}, ifindex {ifindex})", -result);
    }

    private bool Remove(uint key)
    {
        var result = BpfMap.Delete(_write, key);
        if (result < 0 && result != -Errno.ENOENT)
            throw KernelCall.Failure($"bpf_map_delete_elem(devmap {Definition.Name}, key {key})", -result);
        return result == 0;
    }

    private static uint IdOf(FileDescriptor? program) => program is null ? 0 : BpfInfo.OfProgram(program).id;

    private HeldPin Pinned(string path, FileDescriptor held) => new(_pins.Folder, path, held);

    private FileDescriptor ProgramToCarry(string name)
    {
        if (Definition.Spec.ValueSize == sizeof(uint))
            throw DevmapRefusals.NoEgressPrograms(Definition);
        return _programs.Find(name) ?? throw DevmapRefusals.NoSuchProgram(name);
    }
}

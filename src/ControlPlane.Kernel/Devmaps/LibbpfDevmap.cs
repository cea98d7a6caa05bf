using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Drops;
using ControlPlane.Kernel.Guards;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Programs;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// A devmap in the kernel. The writer's descriptors are <c>BPF_F_WRONLY</c> and the readers' are <c>BPF_F_RDONLY</c>, so the
/// kernel itself refuses a write on a reader's path. No descriptor that can do both outlives the creation. A candidate can become the
/// table of the devmap at any time: readers look up which one it is with each call.
/// </summary>
internal sealed partial class LibbpfDevmap : IDevmap
{
    private readonly ILogger _logger;
    private readonly LibbpfEgressPrograms _programs;
    private readonly XdpLinks _links;

    private readonly LibbpfDropCounters _drops;
    private readonly Lock _switching = new();
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
    private volatile ElementMap _elements;
    private LibbpfCandidate? _candidate;

    // Set by the writer's thread, and read by others.
    private volatile LibbpfRehearsal? _rehearsal;

    private LibbpfDevmap(
        DevmapRecord definition, bool adopted, DevmapPins pins, FileDescriptor? judge, LibbpfEgressPrograms programs, LibbpfDropCounters drops, IInterfaces interfaces, ILogger logger)
    {
        (Adopted, _judge, _programs, _drops, _logger, _pins) = (adopted, judge, programs, drops, logger, pins);
        _slots = new Slots(definition.Name, pins);
        _elements = new ElementMap(definition, _slots.Active, pins.Active);
        _ids = new EntryIds(definition, pins, _slots, _elements.Read);
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

        static FileDescriptor? OpenIfThere(string path) => File.Exists(path) ? Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY) : null;

        static (FileDescriptor, uint) Open(string path)
        {
            var program = Pin.OpenProgram(path);
            return (program, BpfInfo.OfProgram(program).id);
        }
    }

    public DevmapRecord Definition => _elements.Definition;

    public bool Adopted { get; }

    public uint MapId => _elements.MapId;

    public ICandidate? Candidate => _candidate;

    /// <summary>The pins.</summary>
    internal DevmapPins Pins => _pins;

    public uint RedirectProgramId => _redirects[RedirectProgram.Plain].Id;

    public IReadOnlyList<uint> ProgramIds => [.. Programs.Select(p => p.Id)];

    /// <summary>Whether another object has the links, with other settings of the devmap or because it was removed. The writer's thread sets and asks it.</summary>
    public bool IsReplaced { get; set; }

    /// <summary>Whether the descriptors are closed.</summary>
    public bool IsClosed => _elements.Read.IsClosed;

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<HeldPin> Held =>
    [
        Pinned(_elements.PinPath, _elements.Read), .. _candidate is { HasMap: true, Map: var other } ? new[] { Pinned(other.PinPath, other.Read) } : [], Pinned(_pins.Slots, _slots.Devmaps), Pinned(_pins.Tables, _slots.Tables), Pinned(_pins.Switch, _slots.SwitchMap),
        .. _ids.Held.Select(h => Pinned(h.Path, h.Map)), Pinned(_pins.MoreCounts, _moreCounts), Pinned(_pins.Totals, _totals),
        Pinned(_pins.Missed, _missed), Pinned(_pins.MoreTotals, _moreTotals), Pinned(_pins.ActionTotals, _actionTotals), Pinned(_pins.Config, _config),
        .. _redirects.Select(r => Pinned(_pins.Program(r.Key), r.Value.Fd)),
        .. _tcxConfig is null ? [] : new[] { Pinned(_pins.TcxConfig, _tcxConfig) }, .. _toPeers is null ? [] : new[] { Pinned(_pins.ToPeers, _toPeers) },
        .. _links.Held(_pins.Folder), .. _candidate?.HeldByGuard.Select(h => new HeldPin(_pins.Folder, h.Path, h.Object)) ?? [],
    ];

    /// <summary>Creates the devmap, or adopts it if it is pinned, and has its drops counted. Programs with other settings are replaced.</summary>
    /// <param name="pinRoot">The pin root.</param>
    /// <param name="definition">The devmap.</param>
    /// <param name="committed">The last revision in the store.</param>
    /// <param name="hasTcx">Whether the kernel has tcx.</param>
    /// <param name="programs">The egress programs.</param>
    /// <param name="drops">Counts the drops.</param>
    /// <param name="interfaces">The interfaces.</param>
    /// <param name="logger">The log.</param>
    /// <param name="before">The devmap as it was opened before with other settings, and does not write any more; null if it was not.</param>
    public static LibbpfDevmap Open(
        string pinRoot, DevmapRecord definition, long committed, bool hasTcx, LibbpfEgressPrograms programs, LibbpfDropCounters drops, IInterfaces interfaces, ILogger logger,
        LibbpfDevmap? before = null)
    {
        var pins = DevmapPins.Of(pinRoot, definition.Name);
        var adopted = Directory.Exists(pins.Folder);
        InterruptedSwitch? interrupted = null;
        if (adopted)
        {
            PinFolder.Recover(pins.Folder, logger);
            RedirectUpgrade.Recover(pins);
            interrupted = CandidatePins.Recover(definition.Name, pins, committed);
            DevmapAdoption.Check(definition, pins);
            RedirectUpgrade.Run(definition, pins, logger);
        }
        else
        {
            DevmapCreation.Create(definition, pins);
        }

        var judge = hasTcx ? TcxProgram.Ensure(definition, pins, logger) : null;
        var devmap = new LibbpfDevmap(definition, before?.Adopted ?? adopted, pins, judge, programs, drops, interfaces, logger) { Interrupted = interrupted };
        try
        {
            devmap._links.Adopt([.. devmap.ProgramIds, .. LibbpfRehearsal.PinnedPrograms(pins)]);
            devmap._links.Choose(devmap.ProgramFor);
            PinFolder.Remove(pins.Rehearsal);
            RedirectUpgrade.TakeOverCounts(pins, definition.Spec.Counters ? devmap._ids : null, devmap._slots);
            if (adopted && before is null && (definition.Spec.Counters || devmap._ids.HaveActions))
                devmap._ids.EndGone(key => devmap.TryLookup(key, out _));
        }
        catch
        {
            devmap.Dispose();
            throw;
        }

        drops.Add(definition.Name, devmap.MapId);
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
        // Nobody has followed yet that the kernel has taken the table back. A switch from here would be one without a guard.
        if (_candidate?.Guard?.Read() is { IsTakenBack: true })
            return;
        _slots.Use(_elements.Place);
        _slots.Restore(_elements.Write, _ids.Table);
    }

    public ICandidate BeginCandidate(WriterScope scope, DevmapRecord definition, int entries)
    {
        scope.Demand();
        if (_candidate is not null)
            throw new InvalidOperationException($"The devmap {Definition.Name} has a candidate.");
        var (place, pin) = (_elements.Place ^ 1, DevmapPins.Next(_pins.Active));
        ElementMap? map = null;
        var make = _ids.TakeOther(Create, EntryMaps.KeysAtFirst(definition, entries));
        return _candidate = new LibbpfCandidate(this, _ids, BesideWriter.Run(() =>
        {
            try
            {
                var table = make();
                return (map!, table);
            }
            catch
            {
                map?.Dispose();
                CandidatePins.Remove(_pins);
                throw;
            }
        }));

        FileDescriptor Create()
        {
            CandidatePins.Begin(_pins);
            ElementMap.Create(definition, pin);
            map = new ElementMap(definition, place, pin);
            return map.Read;
        }
    }

    /// <summary>Has programs use another map, in the other place, and returns the one that they have used.</summary>
    /// <param name="other">The other map.</param>
    /// <param name="use">Switches the place; null for a plain store.</param>
    internal ElementMap Exchange(ElementMap other, Action? use = null)
    {
        var before = _elements;
        _drops.Follow(Definition.Name, before.MapId, other.MapId);
        lock (_switching)
        {
            _ids.Switch(other.Read, use ?? (() => _slots.Use(other.Place)));
            _elements = other;
        }

        return before;
    }

    public InterruptedSwitch? Interrupted { get; private set; }

    public void EndInterrupted(WriterScope scope)
    {
        scope.Demand();
        Interrupted = null;
        PinFolder.Remove(_pins.Guard.Folder);
    }

    /// <summary>Takes the table back, unless the guard has ended.</summary>
    internal void TakeBack(SwitchGuard guard) => guard.TakeBack(_slots);

    /// <summary>Gives up the table that programs do not use.</summary>
    internal void Release()
    {
        var candidate = _candidate!;
        Task.WhenAny(candidate.Made).GetAwaiter().GetResult();
        var old = candidate.Made.IsCompletedSuccessfully ? candidate.Map : null;
        _candidate = null;
        if (_elements.PinPath == _pins.Active)
            File.Delete(DevmapPins.Next(_pins.Active));
        else
            File.Move(_elements.PinPath, _pins.Active, overwrite: true);
        _elements.PinPath = _pins.Active;
        var (name, wasSwitched) = (Definition.Name, candidate.IsSwitched);
        _ids.ReleaseOther(key => !TryLookup(key, out _), () =>
        {
            if (wasSwitched)
                _drops.Leave(name, old!.MapId);
            old?.Dispose();
            // Until here a start would find out which table is the active one.
            File.Delete(_pins.Candidate);
        });
    }

    /// <remarks>
    /// A new element counts from zero, so its key gets another id before the element is written. A lookup (half the cost of an
    /// update) tells whether the element is new, unless the caller already knows.
    /// </remarks>
    public void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces, EntryActions? actions)
    {
        scope.Demand();
        var program = ProgramToCarry(egressProgram);
        var after = ActionConfig.Of(actions);
        // Without counters only entries with actions need an id.
        var begins = (Definition.Spec.Counters || after.flags != 0) && !((replaces ?? TryLookup(key, out _)) && _ids.Knows(key));
        if (begins)
            _ids.Begin(key);
        try
        {
            var before = _ids.ActionsOf(key);
            if (ActionConfig.AreSame(before, after))
                _elements.Set(key, ifindex, program);
            else
                _ids.Change(ChangeOf(key, before, new devmapd_version { ifindex = ifindex, program = IdOf(program), actions = after }), () => _elements.Set(key, ifindex, program));
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
            removed = _elements.Remove(key);
        else
            _ids.Change(ChangeOf(key, before, default), () => removed = _elements.Remove(key));
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
        _candidate?.Dispose();
        _ids.Dispose();
        _slots.Dispose();
        _elements.Dispose();
    }

    private devmapd_change ChangeOf(uint key, devmapd_actions actions, devmapd_version after)
    {
        TryLookup(key, out var element);
        return new devmapd_change { key = key, before = new devmapd_version { ifindex = element.Ifindex, program = element.EgressProgramId, actions = actions }, after = after };
    }

    private static uint IdOf(FileDescriptor? program) => program is null ? 0 : BpfInfo.OfProgram(program).id;

    private HeldPin Pinned(string path, FileDescriptor held) => new(_pins.Folder, path, held);

    /// <summary>Returns the egress program of this name; null for no name.</summary>
    /// <exception cref="ControlPlaneException">There is no such program, or elements cannot carry one.</exception>
    internal FileDescriptor? ProgramToCarry(string? name)
    {
        if (name is null)
            return null;
        if (Definition.Spec.ValueSize == sizeof(uint))
            throw DevmapRefusals.NoEgressPrograms(Definition);
        return _programs.Find(name) ?? throw DevmapRefusals.NoSuchProgram(name);
    }
}

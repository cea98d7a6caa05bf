using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Guards;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Programs;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>The second table of a devmap.</summary>
/// <param name="devmap">The devmap.</param>
/// <param name="ids">The ids of the keys in both tables.</param>
/// <param name="made">Ends with the candidate's map and entry table.</param>
internal sealed class LibbpfCandidate(LibbpfDevmap devmap, EntryIds ids, Task<(ElementMap Map, IdTable Table)> made) : ICandidate, IDisposable
{
    private ElementMap? _map;
    private LibbpfGuard? _guard;

    public Task Made => made;

    public uint MapId => Map.MapId;

    public bool IsSwitched { get; private set; }

    public ISwitchGuard? Guard => _guard;

    /// <summary>The map that programs do not use.</summary>
    public ElementMap Map
    {
        get
        {
            if (_map is null)
            {
                (_map, var table) = made.GetAwaiter().GetResult();
                ids.BeginOther(table);
            }

            return _map;
        }
    }

    /// <summary>Whether the map exists and is known.</summary>
    public bool HasMap => _map is not null;

    public void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces = null, EntryActions? actions = null)
    {
        scope.Demand();
        var (map, program, desired) = (Map, devmap.ProgramToCarry(egressProgram), ActionConfig.Of(actions));
        // Without counters only entries with actions need an id.
        if (devmap.Definition.Spec.Counters || desired.flags != 0)
            ids.AddToOther(key, () => devmap.TryLookup(key, out _));
        ids.SetOtherActions(key, desired);
        map.Set(key, ifindex, program);
    }

    public bool Delete(WriterScope scope, uint key)
    {
        scope.Demand();
        var removed = Map.Remove(key);
        ids.RemoveFromOther(key);
        return removed;
    }

    public bool TryLookup(uint key, out KernelEntry entry) => Map.TryLookup(key, out entry);

    public EntryActions? ReadActions(uint key) => ActionConfig.ActionsOf(ids.OtherActionsOf(key));

    public void Complete(WriterScope scope, long revision)
    {
        scope.Demand();
        CandidatePins.Note(devmap.Pins, revision);
    }

    public void Switch(WriterScope scope)
    {
        scope.Demand();
        Exchange(null);
    }

    public ISwitchGuard PrepareGuard(WriterScope scope, long since, bool watches)
    {
        scope.Demand();
        _guard?.Dispose();
        return _guard = new LibbpfGuard(devmap, this, SwitchGuard.Prepare(devmap.Pins, watches, since));
    }

    /// <summary>Has programs use the other table.</summary>
    /// <param name="use">Switches the place; null for a plain store.</param>
    internal void Exchange(Action? use)
    {
        _map = devmap.Exchange(Map, use);
        IsSwitched = !IsSwitched;
    }

    public void Release(WriterScope scope)
    {
        scope.Demand();
        devmap.Release();
    }

    /// <summary>The objects of the guard with their pins.</summary>
    public IEnumerable<(string Path, FileDescriptor? Object)> HeldByGuard => _guard?.Guard.Held ?? [];

    /// <summary>Closes the descriptors.</summary>
    public void Dispose()
    {
        _guard?.Dispose();
        Task.WhenAny(made).GetAwaiter().GetResult();
        if (made.IsCompletedSuccessfully)
            (_map ?? made.Result.Map).Dispose();
    }
}

/// <summary>The guard of a switch to the candidate.</summary>
internal sealed class LibbpfGuard(LibbpfDevmap devmap, LibbpfCandidate candidate, SwitchGuard guard) : ISwitchGuard, IDisposable
{
    /// <summary>The guard in the kernel.</summary>
    public SwitchGuard Guard => guard;

    public GuardReport Read() => guard.Read();

    public void Switch(WriterScope scope, GuardOrder order)
    {
        scope.Demand();
        candidate.Exchange(() => guard.Arm(order, candidate.MapId));
    }

    public bool Confirm(WriterScope scope)
    {
        scope.Demand();
        return guard.Confirm();
    }

    public GuardReport TakeBack(WriterScope scope)
    {
        scope.Demand();
        devmap.TakeBack(guard);
        var report = guard.Read();
        // The place is back by now; this follows.
        if (report.IsTakenBack && candidate.IsSwitched)
            candidate.Exchange(null);
        return report;
    }

    public void Remove(WriterScope scope)
    {
        scope.Demand();
        guard.Remove();
    }

    public void Dispose() => guard.Dispose();
}

/// <summary>The pins of a candidate, and what a start makes of those that a crash has left.</summary>
internal static class CandidatePins
{
    /// <summary>Pins the note of a candidate that is not complete.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Begin(DevmapPins pins)
    {
        Remove(pins);
        using var note = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_ARRAY, "candidate", sizeof(long), 1);
        Pin.Make(note, pins.Candidate);
    }

    /// <summary>Notes the revision that a candidate is complete for; 0 for none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Note(DevmapPins pins, long revision)
    {
        using var note = Pin.OpenMap(pins.Candidate, BpfConstants.BPF_F_WRONLY);
        KernelCall.Check(BpfMap.Update(note, 0, revision), $"bpf_map_update_elem({pins.Candidate})");
    }

    /// <summary>Removes the pins of a candidate that programs do not use.</summary>
    public static void Remove(DevmapPins pins)
    {
        File.Delete(DevmapPins.Next(pins.Active));
        foreach (var part in pins.NextActions)
            File.Delete(DevmapPins.Next(pins.Actions(part)));
        File.Delete(pins.Candidate);
    }

    /// <summary>
    /// Leaves one table of a devmap: the one that programs use, or the candidate if that is complete and committed. A crash at any point of this leaves the
    /// same to do.
    /// </summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="pins">Its pins.</param>
    /// <param name="committed">The last revision of the store.</param>
    /// <returns>The guarded switch that nobody has confirmed: the table before it is active, whatever is committed. Null if there was none.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static InterruptedSwitch? Recover(string devmap, DevmapPins pins, long committed)
    {
        if (!File.Exists(pins.Slots))
            return null;
        using var slots = new Slots(devmap, pins);
        var interrupted = TakeBack(pins, slots);
        if (!File.Exists(pins.Candidate))
            return interrupted;
        if (interrupted is null && IsCommitted(pins, slots, committed))
            slots.Switch();
        var next = DevmapPins.Next(pins.Active);
        if (File.Exists(next) && IdOf(next) == slots.ReadDevmapId())
            File.Move(next, pins.Active, overwrite: true);
        EntryMaps.FinishGrowth(pins, slots);
        IdActions.KeepActive(pins, slots);
        using (var active = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_WRONLY))
            slots.Release(active);
        Remove(pins);
        return interrupted;
    }

    private static InterruptedSwitch? TakeBack(DevmapPins pins, Slots slots)
    {
        using var guard = SwitchGuard.Open(pins);
        if (guard is null)
            return null;
        guard.TakeBack(slots);
        if (guard.Read() is { Phase: not GuardPhase.Confirmed } report)
            return new InterruptedSwitch(guard.Since, report);
        guard.Remove();
        return null;
    }

    private static bool IsCommitted(DevmapPins pins, Slots slots, long committed)
    {
        using var note = Pin.OpenMap(pins.Candidate, BpfConstants.BPF_F_RDONLY);
        var next = DevmapPins.Next(pins.Active);
        return BpfMap.Lookup<long>(note, 0, out var revision) == 0 && revision > 0 && revision <= committed
            && File.Exists(next) && IdOf(next) == slots.ReadOtherDevmapId();
    }

    private static uint IdOf(string pin)
    {
        using var map = Pin.OpenMap(pin, BpfConstants.BPF_F_RDONLY);
        return BpfInfo.OfMap(map).id;
    }
}

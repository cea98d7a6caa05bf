using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// The ids of a devmap that no key has: those that are free, and those that rest until no program can count under them. The kernel is
/// waited for beside the writer, which waits itself only if there is no other id. For the writer's thread.
/// </summary>
internal sealed class IdPool : IDisposable
{
    /// <summary>So many ids rest before programs are waited for, unless there is no other id.</summary>
    public const int MostResting = DevmapdConstants.DEVMAPD_PART_IDS / 2;

    private const int PartIds = DevmapdConstants.DEVMAPD_PART_IDS;

    /// <summary>With fewer free ids than these another part is made.</summary>
    private const int FewFree = PartIds / 2;

    private readonly DevmapPins _pins;
    private readonly Slots _slots;
    private readonly IdCounters _counters;
    private readonly IdActions _actions;
    private readonly FileDescriptor _moreCounts;
    private readonly int _mostParts;
    private readonly Stack<uint> _free = [];
    private List<uint> _resting = [];
    private List<uint> _waking = [];
    private Task? _wait;
    private Task? _part;

    /// <summary>Puts those parts of the counters into their slots that are not there.</summary>
    /// <param name="pins">The pins of the devmap.</param>
    /// <param name="slots">Its slots.</param>
    /// <param name="counters">The counters of all parts that there are.</param>
    /// <param name="actions">The actions of all parts that there are.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public IdPool(DevmapPins pins, Slots slots, IdCounters counters, IdActions actions)
    {
        (_pins, _slots, _counters, _actions) = (pins, slots, counters, actions);
        _moreCounts = Pin.OpenMap(pins.MoreCounts, BpfConstants.BPF_F_WRONLY);
        using var placed = Pin.OpenMap(pins.MoreCounts, BpfConstants.BPF_F_RDONLY);
        _mostParts = (int)BpfInfo.OfMap(placed).max_entries + 1;
        foreach (var (part, map) in counters.Maps.Index().Skip(1))
        {
            // Each write of a slot waits for programs: only of those that a crash or others have left without their part.
            if (BpfMap.Lookup<uint>(placed, SlotOf(part), out var id) != 0 || id != BpfInfo.OfMap(map).id)
                Place(part, map);
        }
    }

    /// <summary>Lets an id that a key has lost rest.</summary>
    public void Rest(uint id)
    {
        _resting.Add(id);
        if (_resting.Count >= MostResting && _wait is null)
            StartWaiting();
    }

    /// <summary>Gives an id back that no program has seen.</summary>
    public void Return(uint id) => _free.Push(id);

    /// <summary>Returns an id under which no program counts; false if all ids are in use.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool TryTake(out uint id)
    {
        Gather(wait: false);
        if (_free.Count < FewFree && _part is null && _counters.Maps.Count < _mostParts && _resting.Count + _waking.Count < MostResting)
        {
            var part = _counters.Maps.Count;
            _part = Task.Run(() => MakePart(part));
        }

        while (_free.Count == 0 && (_part ?? _wait ?? StartWaiting()) is not null)
            Gather(wait: true);
        return _free.TryPop(out id);
    }

    /// <summary>Waits for what runs beside the writer.</summary>
    public void Settle() => Task.WhenAll(new[] { _part, _wait }.OfType<Task>()).ContinueWith(static _ => { }, TaskScheduler.Default).GetAwaiter().GetResult();

    /// <summary>Waits for what runs beside the writer, and closes the descriptors.</summary>
    public void Dispose()
    {
        Settle();
        _moreCounts.Dispose();
    }

    // A new part first, which never takes long.
    private void Gather(bool wait)
    {
        if (_part is { } made && (wait || made.IsCompleted))
        {
            _part = null;
            made.GetAwaiter().GetResult();
            _counters.Add(_pins.Counts(_counters.Maps.Count));
            _actions.AddMade(_counters.Maps.Count - 1);
            for (var id = _counters.End - 1; id >= _counters.End - PartIds; id--)
                _free.Push(id);
        }
        else if (_wait is { } ended && (wait || ended.IsCompleted))
        {
            _wait = null;
            try
            {
                ended.GetAwaiter().GetResult();
            }
            catch (KernelException)
            {
                _resting.AddRange(_waking);
                _waking.Clear();
                throw;
            }

            for (var i = _waking.Count - 1; i >= 0; i--)
                _free.Push(_waking[i]);
            _waking.Clear();
        }
    }

    private Task? StartWaiting()
    {
        if (_resting.Count == 0)
            return null;
        (_resting, _waking) = (_waking, _resting);
        return _wait = Task.Run(_slots.WaitForPrograms);
    }

    private void MakePart(int part)
    {
        // A part that was made and not placed is left by a refusal.
        File.Delete(_pins.Counts(part));
        using var map = IdCounters.CreatePart(_counters.SizeOfParts);
        Pin.Make(map, _pins.Counts(part));
        Place(part, map);
        // Where entries have actions, others probably will, and here nobody waits.
        if (_slots.HasActions)
            _actions.Make(part);
    }

    private static uint SlotOf(int part) => (uint)part - 1;

    private void Place(int part, FileDescriptor map)
    {
        KernelCall.Check(BpfMap.Update(_moreCounts, SlotOf(part), map.Number), $"bpf_map_update_elem({_pins.MoreCounts})");
        GC.KeepAlive(map);
    }
}

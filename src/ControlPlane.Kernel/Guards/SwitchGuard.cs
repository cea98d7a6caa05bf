using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Guards;

/// <summary>
/// A switch to the candidate of a devmap that the kernel takes back by itself, unless somebody confirms it in time. One thread uses it, except that
/// <see cref="Read"/> is safe on any.
/// </summary>
internal sealed unsafe class SwitchGuard : IDisposable
{
    private const string Resource = "guard.bpf.o";
    private const string ArmProgram = "devmapd_arm", WatchProgram = "devmapd_watch";

    /// <summary>The words of <see cref="devmapd_guard"/> that this process writes.</summary>
    private const int PhaseWord = 0, EndWord = 1, SinceWord = 6;

    private readonly GuardPins _pins;
    private readonly FileDescriptor _map;
    private readonly FileDescriptor _timers;
    private readonly FileDescriptor? _watch;
    private readonly FileDescriptor? _arm;
    private readonly MapMemory _memory;

    // The descriptors hold what the pins hold: a pin that somebody else removes does not cancel the timer while this lives.
    private SwitchGuard(GuardPins pins, FileDescriptor? arm)
    {
        (_pins, _arm) = (pins, arm);
        _map = Pin.OpenMap(pins.Guard, 0);
        _timers = Pin.OpenMap(pins.Timers, BpfConstants.BPF_F_RDONLY);
        _watch = File.Exists(pins.Watch) ? Pin.OpenLink(pins.Watch) : null;
        _memory = MapMemory.Of(_map, writable: true);
    }

    /// <summary>The revision of the table before.</summary>
    public long Since => (long)_memory.Read(SinceWord);

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<(string Path, FileDescriptor? Object)> Held =>
        [(_pins.Folder, null), (_pins.Guard, _map), (_pins.Timers, _timers), .. _watch is null ? [] : new (string, FileDescriptor?)[] { (_pins.Watch, _watch) }];

    /// <summary>Loads and pins the guard of a devmap. Nothing is switched yet. Replaces a guard that has ended.</summary>
    /// <param name="devmap">The pins of the devmap.</param>
    /// <param name="watches">Whether redirect errors have a limit.</param>
    /// <param name="since">The revision of the table before.</param>
    /// <exception cref="KernelException">The kernel refused: it lacks timers, or the tracepoints for <paramref name="watches"/>.</exception>
    public static SwitchGuard Prepare(DevmapPins devmap, bool watches, long since = 0)
    {
        using var word = Pin.OpenMap(devmap.Switch, 0);
        using var loaded = Load(word, watches);
        PinFolder.Publish(devmap.Guard.Folder, folder =>
        {
            var staged = new GuardPins(folder);
            using var guard = loaded.OpenMap("guard");
            MapMemory.Of(guard, writable: true).Write(SinceWord, (ulong)since);
            using var timers = loaded.OpenMap("timers");
            Pin.Make(guard, staged.Guard);
            Pin.Make(timers, staged.Timers);
            if (!watches)
                return;
            using var link = Watch(loaded);
            Pin.Make(link, staged.Watch);
        });
        return new SwitchGuard(devmap.Guard, loaded.OpenProgram(ArmProgram));
    }

    /// <summary>Opens the guard that an earlier process has pinned; null if there is none. It cannot be armed any more.</summary>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SwitchGuard? Open(DevmapPins devmap) => File.Exists(devmap.Guard.Guard) ? new SwitchGuard(devmap.Guard, arm: null) : null;

    /// <summary>Tries whether the kernel can guard a switch; nothing stays.</summary>
    /// <exception cref="KernelException">It cannot.</exception>
    public static void Probe(bool watches)
    {
        using var word = BpfMap.Create(
            BpfConstants.BPF_MAP_TYPE_ARRAY, "switch", (uint)sizeof(devmapd_switch), 1, new bpf_map_create_opts { map_flags = BpfConstants.BPF_F_MMAPABLE });
        using var loaded = Load(word, watches);
        if (watches)
            Watch(loaded).Dispose();
    }

    /// <summary>Switches to the candidate and starts the guard, as one step that no end of this process can interrupt.</summary>
    /// <param name="order">How the switch is guarded.</param>
    /// <param name="candidate">The id of the candidate devmap.</param>
    /// <exception cref="KernelException">The kernel refused. Nothing was switched.</exception>
    public void Arm(GuardOrder order, uint candidate)
    {
        var text = new devmapd_guard_order
        {
            timeout_ns = (ulong)order.Timeout.TotalNanoseconds, most_errors = order.RevertAfterDrops ?? ulong.MaxValue, map_id = candidate,
        };
        var opts = new bpf_test_run_opts { sz = (nuint)sizeof(bpf_test_run_opts), data_in = &text, data_size_in = (uint)sizeof(devmapd_guard_order), repeat = 1 };
        // One run: a signal does not interrupt it, so it is never repeated.
        KernelCall.Check(Libbpf.bpf_prog_test_run_opts(_arm!, &opts), $"bpf_prog_test_run_opts({ArmProgram})");
        if (opts.retval != BpfConstants.XDP_TX)
            throw KernelCall.Failure($"bpf_timer_start({ArmProgram})", Errno.EINVAL);
    }

    /// <summary>Returns the state of the switch. Once it says that the table was taken back, programs use the place from before.</summary>
    public GuardReport Read()
    {
        var phase = (GuardPhase)_memory.Read(PhaseWord);
        // The end is complete with its time, some nanoseconds later.
        while (phase is not (GuardPhase.Unarmed or GuardPhase.Armed) && _memory.Read(EndWord) == 0)
            Thread.Yield();
        KernelCall.Check(BpfMap.Lookup<devmapd_guard>(_map, 0, out var guard), "bpf_map_lookup_elem(guard)");
        return new GuardReport(phase, MonotonicClock.Later(guard.deadline_ns), guard.ended_ns == 0 ? null : MonotonicClock.At(guard.ended_ns), guard.errors);
    }

    /// <summary>Has the candidate stay. False if the guard has ended in another way.</summary>
    public bool Confirm()
    {
        if (!_memory.TryReplace(PhaseWord, (ulong)GuardPhase.Armed, (ulong)GuardPhase.Confirmed))
            return Read().Phase == GuardPhase.Confirmed;
        _memory.Write(EndWord, MonotonicClock.Now);
        return true;
    }

    /// <summary>Takes the table back. False if the guard has ended before.</summary>
    public bool TakeBack(Slots slots)
    {
        if (!_memory.TryReplace(PhaseWord, (ulong)GuardPhase.Armed, (ulong)GuardPhase.Cancelled))
            return false;
        KernelCall.Check(BpfMap.Lookup<devmapd_guard>(_map, 0, out var guard), "bpf_map_lookup_elem(guard)");
        slots.Use(guard.place);
        _memory.Write(EndWord, MonotonicClock.Now);
        return true;
    }

    /// <summary>Removes the pins of a guard that has ended or was never armed: with them, the kernel cancels the timer.</summary>
    /// <exception cref="InvalidOperationException">The guard is armed. Nobody would take the table back.</exception>
    public void Remove()
    {
        if (_memory.Read(PhaseWord) == (ulong)GuardPhase.Armed)
            throw new InvalidOperationException("The guard is armed.");
        PinFolder.Remove(_pins.Folder);
    }

    /// <summary>Closes the descriptors. An armed guard stays, by its pins.</summary>
    public void Dispose()
    {
        _arm?.Dispose();
        _watch?.Dispose();
        _timers.Dispose();
        _map.Dispose();
    }

    private static BpfObject Load(FileDescriptor word, bool watches)
    {
        var loaded = BpfObject.OpenEmbedded(Resource);
        try
        {
            loaded.ReuseMap(".bss", word);
            loaded.Load(watches ? [ArmProgram, WatchProgram] : [ArmProgram]);
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    private static FileDescriptor Watch(BpfObject loaded)
    {
        using var program = loaded.OpenProgram(WatchProgram);
        return FileDescriptor.FromLibbpf(KernelCall.Retry(() => Libbpf.bpf_raw_tracepoint_open(null, program)), "bpf_raw_tracepoint_open(xdp_redirect_err)");
    }
}

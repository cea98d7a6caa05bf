using System.Collections.Frozen;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// A rehearsal: other builds of the redirect programs over the same maps, which also look each frame up in a candidate. Links are switched to them and
/// back, each in one step, so no frame is lost, and outside of a rehearsal no frame pays for it. The programs are pinned meanwhile: the next
/// start knows them as ours after a crash, and switches the links back.
/// </summary>
internal sealed class LibbpfRehearsal : IRehearsal
{
    private const string Prefix = "rehearse_";

    private readonly LibbpfDevmap _devmap;
    private readonly DevmapPins _pins;
    private readonly ElementMap _candidate;
    private readonly FileDescriptor _verdicts;
    private readonly FileDescriptor _keys;
    private bool _runs;

    /// <summary>Creates the candidate and loads the programs. Nothing runs them yet.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="pins">Its pins.</param>
    /// <param name="hasTcx">Whether it has a program for tcx.</param>
    /// <param name="hasPeers">Whether that one hands frames to peers directly.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public LibbpfRehearsal(LibbpfDevmap devmap, DevmapPins pins, bool hasTcx, bool hasPeers)
    {
        (_devmap, _pins) = (devmap, pins);
        var definition = devmap.Definition;
        _candidate = ElementMap.Unpinned(definition);
        using var xdp = BpfObject.OpenEmbedded($"{Prefix}redirect.bpf.o");
        xdp.ReuseMap("candidate", _candidate.Read);
        RedirectUpgrade.Load(pins, xdp, DevmapCreation.ConfigOf(definition), RedirectPrograms.Xdp);
        (_verdicts, _keys) = (xdp.OpenMap("verdicts"), xdp.OpenMap("rehearsed_keys"));
        var programs = RedirectPrograms.Xdp.ToDictionary(p => p, p => xdp.OpenProgram(RedirectPrograms.FunctionOf(p)));
        if (hasTcx)
        {
            using var tcx = TcxProgram.Load(pins, TcxProgram.ConfigOf(definition) with { redirect_peer = hasPeers ? 1u : 0u }, Prefix, ReuseMaps);
            programs.Add(RedirectProgram.Tcx, tcx.OpenProgram(RedirectPrograms.FunctionOf(RedirectProgram.Tcx)));
        }

        Programs = programs.ToFrozenDictionary(p => p.Key, p => (p.Value, BpfInfo.OfProgram(p.Value).id));
        PinFolder.Publish(pins.Rehearsal, folder =>
        {
            foreach (var (variant, (program, _)) in Programs)
                Pin.Make(program, Path.Combine(folder, RedirectPrograms.FunctionOf(variant)));
        });
    }

    /// <summary>The programs that compare, with their ids.</summary>
    public IReadOnlyDictionary<RedirectProgram, (FileDescriptor Fd, uint Id)> Programs { get; }

    /// <summary>Returns the ids of the programs of a rehearsal that a crash has cut off.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IEnumerable<uint> PinnedPrograms(DevmapPins pins)
    {
        foreach (var path in Directory.Exists(pins.Rehearsal) ? Directory.GetFiles(pins.Rehearsal) : [])
        {
            using var program = Pin.OpenProgram(path);
            yield return BpfInfo.OfProgram(program).id;
        }
    }

    public void Write(uint key, uint ifindex, string? egressProgram) => _candidate.Set(key, ifindex, _devmap.ProgramToCarry(egressProgram));

    public void Begin(WriterScope scope)
    {
        scope.Demand();
        _runs = true;
        _devmap.Run(this);
    }

    public void End(WriterScope scope)
    {
        scope.Demand();
        _devmap.Run(null);
        _runs = false;
    }

    public RehearsalCounts Read()
    {
        var totals = new Dictionary<RehearsalVerdict, EntryCounters>();
        var perCpu = new devmapd_counter[BpfMap.PossibleCpus];
        for (var verdict = 0u; verdict < DevmapdConstants.DEVMAPD_VERDICTS; verdict++)
        {
            KernelCall.Check(BpfMap.LookupPerCpu<devmapd_counter>(_verdicts, verdict, perCpu), "bpf_map_lookup_elem(verdicts)");
            totals[(RehearsalVerdict)verdict] = Sum(perCpu);
        }

        var keys = BpfMap.ReadPerCpu<devmapd_rehearsed_key, devmapd_counter, RehearsedKey>(
            _keys, "rehearsed keys", static (key, values) => new(key.key, (RehearsalVerdict)key.verdict, Sum(values)));
        return new RehearsalCounts(totals, [.. keys.OrderByDescending(k => k.Traffic.Packets).ThenBy(k => k.KernelKey)]);
    }

    /// <summary>Removes the programs and the candidate. If links still run the programs, their pins stay: by those the next start knows them as ours.</summary>
    public void Dispose()
    {
        if (!_runs)
            PinFolder.Remove(_pins.Rehearsal);
        foreach (var (program, _) in Programs.Values)
            program.Dispose();
        _keys.Dispose();
        _verdicts.Dispose();
        _candidate.Dispose();
    }

    private void ReuseMaps(BpfObject tcx)
    {
        tcx.ReuseMap("candidate", _candidate.Read);
        tcx.ReuseMap("verdicts", _verdicts);
        tcx.ReuseMap("rehearsed_keys", _keys);
    }

    private static EntryCounters Sum(ReadOnlySpan<devmapd_counter> perCpu)
    {
        var sum = PerCpuCounter.Sum(perCpu, static c => c);
        return new EntryCounters(sum.packets, sum.bytes);
    }
}

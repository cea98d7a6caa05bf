using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Drops;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.Kernel.Hosting;

/// <summary>
/// Removes from the kernel everything that a daemon has pinned under a pin root. Touches only pins that carry devmapd's mark. The
/// caller holds the lock on the pin root.
/// </summary>
public sealed class Teardown
{
    private readonly string _pinRoot;
    private readonly List<string> _removed = [];
    private readonly List<string> _kept = [];

    private Teardown(string pinRoot) => _pinRoot = Path.GetFullPath(pinRoot);

    /// <summary>The removals, in order, as sentences.</summary>
    public IReadOnlyList<string> Removed => _removed;

    /// <summary>The pins that are not ours, each with the reason. They are unchanged.</summary>
    public IReadOnlyList<string> Kept => _kept;

    /// <summary>Detaches all links and removes all pins. The kernel frees maps and programs with their pins.</summary>
    /// <exception cref="KernelException">The kernel refused. The rest stays, and another run continues.</exception>
    /// <exception cref="IOException">A pin cannot be removed.</exception>
    /// <param name="pinRoot">The pin root.</param>
    /// <param name="keepRoot">Whether the folder itself stays, with the lock on it.</param>
    public static Teardown Run(string pinRoot, bool keepRoot = false)
    {
        var teardown = new Teardown(pinRoot);
        FileDescriptor.OccupyZero();
        var (devmaps, programs) = (DevmapPins.Parent(teardown._pinRoot), EgressProgramPins.Parent(teardown._pinRoot));
        foreach (var parent in new[] { teardown._pinRoot, devmaps, programs }.Where(Directory.Exists))
            PinFolder.Recover(parent, NullLogger.Instance);
        // Devmaps first: an egress program stays in the kernel while an entry carries it.
        teardown.RemoveFolders(devmaps, teardown.RemoveDevmap);
        teardown.RemoveFolders(programs, teardown.RemoveProgram);
        teardown.RemoveFolder(PassProgramPins.Of(teardown._pinRoot).Folder, teardown.RemovePassProgram);
        teardown.RemoveFolder(DropPins.Of(teardown._pinRoot).Folder, teardown.RemoveDrops);
        teardown.RemoveIdentity();
        teardown.RemoveRoot(keepRoot, devmaps, programs);
        return teardown;
    }

    private void RemoveFolders(string parent, Action<string> remove)
    {
        if (!Directory.Exists(parent))
            return;
        foreach (var folder in Directory.GetDirectories(parent).Order(StringComparer.Ordinal))
            RemoveFolder(folder, remove);
    }

    private void RemoveFolder(string folder, Action<string> remove)
    {
        if (!Directory.Exists(folder))
            return;
        try
        {
            remove(folder);
        }
        catch (ControlPlaneException foreign)
        {
            _kept.Add(foreign.Error.Detail);
        }
    }

    private void RemoveDevmap(string folder)
    {
        var (pins, name) = (new DevmapPins(folder), Path.GetFileName(folder));
        Pin.RequireMark(pins.Config, devmapd_kind.Redirect);
        PinFolder.Recover(folder, NullLogger.Instance);
        RequireOnly(folder, pins.All);
        var links = Directory.Exists(pins.Links) ? Directory.GetFiles(pins.Links) : [];
        var programs = RedirectPrograms.Xdp.Append(RedirectProgram.Tcx).Select(pins.Program).SelectMany(p => new[] { p, DevmapPins.Next(p) }).Where(File.Exists).Select(ProgramIdAt)
            .Concat(LibbpfRehearsal.PinnedPrograms(pins)).ToArray();
        // Checks all links before it changes the first: a devmap is removed as a whole or not at all.
        foreach (var path in links)
            RequireOurs(path, programs);
        foreach (var path in links)
            Detach(path, $"devmap {name}");
        PinFolder.Remove(folder);
        _removed.Add($"removed devmap {name}");
    }

    private void RemoveProgram(string folder)
    {
        var pins = new EgressProgramPins(folder);
        Pin.RequireMark(pins.Config, devmapd_kind.Egress);
        RequireOnly(folder, [pins.Program, pins.Config, pins.Counters]);
        PinFolder.Remove(folder);
        _removed.Add($"removed egress program {PinName.Decode(Path.GetFileName(folder))}");
    }

    private void RemovePassProgram(string folder)
    {
        var pins = new PassProgramPins(folder);
        Pin.RequireMark(pins.Config, devmapd_kind.Pass);
        RequireOnly(folder, [pins.Config, pins.Program, pins.Links]);
        var program = ProgramIdAt(pins.Program);
        var links = Directory.GetFiles(pins.Links);
        foreach (var path in links)
            RequireOurs(path, [program]);
        foreach (var path in links)
            Detach(path, "the pass program");
        PinFolder.Remove(folder);
        _removed.Add("removed the pass program");
    }

    private void RemoveDrops(string folder)
    {
        var pins = new DropPins(folder);
        Pin.RequireMark(pins.Config, devmapd_kind.Drops);
        RequireOnly(folder, [.. DropPrograms.AllPins(pins)]);
        // The kernel detaches the programs from their tracepoints a moment after the links.
        PinFolder.Remove(folder);
        _removed.Add("removed the drop counters");
    }

    private void Detach(string path, string what)
    {
        using var link = Pin.OpenLink(path);
        var result = KernelCall.Retry(() => Libbpf.bpf_link_detach(link));
        KernelCall.Check(result, $"bpf_link_detach({path})");
        File.Delete(path);
        _removed.Add($"detached {what} from interface {PinName.Decode(Path.GetFileName(path))}");
    }

    // Last: while a pin of ours stays, the identity says which network namespace it belongs to.
    private void RemoveIdentity()
    {
        try
        {
            if (_kept.Count == 0 && PinnedIdentity.Read(_pinRoot) is not null)
                File.Delete(PinnedIdentity.PathOf(_pinRoot));
        }
        catch (ControlPlaneException foreign)
        {
            _kept.Add(foreign.Error.Detail);
        }
    }

    private void RemoveRoot(bool keepRoot, params IEnumerable<string> parents)
    {
        foreach (var folder in parents.Append(_pinRoot).Where(Directory.Exists))
        {
            var rest = Directory.GetFileSystemEntries(folder);
            if (rest.Length == 0 && folder == _pinRoot && keepRoot)
                continue;
            if (rest.Length == 0)
                Directory.Delete(folder);
            else if (folder == _pinRoot)
                _kept.AddRange(rest.Except(parents).Except([PinnedIdentity.PathOf(_pinRoot)]).Select(path => $"The pin {path} is not ours."));
        }

        if (!Directory.Exists(_pinRoot))
            _removed.Add($"removed {_pinRoot}");
    }

    private static uint ProgramIdAt(string path)
    {
        using var program = Pin.OpenProgram(path);
        return BpfInfo.OfProgram(program).id;
    }

    private static void RequireOurs(string path, uint[] programs)
    {
        using var link = Pin.OpenLink(path);
        var info = BpfInfo.OfLink(link);
        if (info.type is not (BpfConstants.BPF_LINK_TYPE_XDP or TcxConstants.BPF_LINK_TYPE_TCX) || (!programs.Contains(info.prog_id) && info.xdp_ifindex != 0))
            throw Pin.Foreign(path, "it is not a link to the program beside it");
    }

    private static void RequireOnly(string folder, IReadOnlyCollection<string> ours)
    {
        if (Directory.GetFileSystemEntries(folder).Except(ours).FirstOrDefault() is { } foreign)
            throw Pin.Foreign(foreign, "it is not a pin that devmapd makes");
    }
}

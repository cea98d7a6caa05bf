using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>Removes the pins of a devmap. The kernel frees maps and programs with their pins and descriptors.</summary>
internal static class DevmapRemoval
{
    /// <summary>Detaches all links and removes all pins. A crash leaves either a devmap with fewer links, or a folder that the next start removes.</summary>
    /// <param name="pins">The pins of the devmap.</param>
    /// <param name="detached">Called with the interface of each link that is detached.</param>
    /// <exception cref="ControlPlaneException">A pin is not ours. Nothing was changed.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Run(DevmapPins pins, Action<string> detached)
    {
        Pin.RequireMark(pins.Config, devmapd_kind.Redirect);
        PinFolder.Recover(pins.Folder, NullLogger.Instance);
        RequireOnly(pins.Folder, pins.All);
        var links = Directory.Exists(pins.Links) ? Directory.GetFiles(pins.Links) : [];
        var programs = RedirectPrograms.Xdp.Append(RedirectProgram.Tcx).Select(pins.Program)
            .SelectMany(p => new[] { p, DevmapPins.Next(p) }).Where(File.Exists).Select(ProgramIdAt)
            .Concat(LibbpfRehearsal.PinnedPrograms(pins)).ToArray();
        // Checks all links before it changes the first: a devmap is removed as a whole or not at all.
        foreach (var path in links)
            RequireOurs(path, programs);
        foreach (var path in links)
        {
            Detach(path);
            detached(PinName.Decode(Path.GetFileName(path)));
        }

        PinFolder.Remove(pins.Folder);
    }

    /// <summary>Detaches a pinned link and removes its pin.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Detach(string path)
    {
        using var link = Pin.OpenLink(path);
        var result = KernelCall.Retry(() => Libbpf.bpf_link_detach(link));
        KernelCall.Check(result, $"bpf_link_detach({path})");
        File.Delete(path);
    }

    /// <summary>Throws if a link is to another program than these.</summary>
    /// <exception cref="ControlPlaneException">It is.</exception>
    public static void RequireOurs(string path, uint[] programs)
    {
        using var link = Pin.OpenLink(path);
        var info = BpfInfo.OfLink(link);
        if (info.type is not (BpfConstants.BPF_LINK_TYPE_XDP or TcxConstants.BPF_LINK_TYPE_TCX) || (!programs.Contains(info.prog_id) && info.xdp_ifindex != 0))
            throw Pin.Foreign(path, "it is not a link to the program beside it");
    }

    /// <summary>Throws if a folder has other pins than these.</summary>
    /// <exception cref="ControlPlaneException">It has.</exception>
    public static void RequireOnly(string folder, IReadOnlyCollection<string> ours)
    {
        if (Directory.GetFileSystemEntries(folder).Except(ours).FirstOrDefault() is { } foreign)
            throw Pin.Foreign(foreign, "it is not a pin that devmapd makes");
    }

    /// <summary>Returns the id of a pinned program.</summary>
    public static uint ProgramIdAt(string path)
    {
        using var program = Pin.OpenProgram(path);
        return BpfInfo.OfProgram(program).id;
    }
}

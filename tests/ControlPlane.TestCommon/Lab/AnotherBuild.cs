using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;

namespace ControlPlane.TestCommon.Lab;

/// <summary>The redirect program of a build that is not this one: the same source for another BPF machine, which comes to other instructions.</summary>
public static class AnotherBuild
{
    /// <summary>Has a devmap run it, and gives its program id.</summary>
    /// <param name="devmapPins">The folder of the devmap's pins.</param>
    /// <param name="finish">If not, it is as a crash would leave it before the first link was switched over.</param>
    public static uint Run(string devmapPins, bool finish)
    {
        var pins = new DevmapPins(devmapPins);
        var folder = Directory.CreateTempSubdirectory();
        var file = Path.Combine(folder.FullName, "redirect.o");
        Shell.Run(
            "clang", "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-idirafter", $"/usr/include/{Shell.Run("uname", "-m").Trim()}-linux-gnu",
            "-c", Repository.PathOf("bpf/redirect.bpf.c"), "-o", file);
        using var other = BpfObject.Open(File.ReadAllBytes(file), "redirect of another build");
        folder.Delete(recursive: true);
        using var program = RedirectUpgrade.Load(pins, other);
        if (finish)
            RedirectUpgrade.Swap(pins, program);
        else
            Pin.Make(program, pins.NextRedirect);
        return BpfInfo.OfProgram(program).id;
    }
}

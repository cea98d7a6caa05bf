using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.TestCommon.Lab;

/// <summary>The redirect program of a build that is not this one: the same source for another BPF machine, which comes to other instructions.</summary>
public static class OtherBuild
{
    private const string SampleMiss = "\t\t\tsample_miss(key);\n";

    /// <summary>Has a devmap run it, and gives its program id.</summary>
    /// <param name="devmapPins">The folder of the devmap's pins.</param>
    /// <param name="finish">If not, it is as a crash would leave it before the first link was switched over.</param>
    /// <param name="withoutMissedKeys">As layout version 1 was, which had no map of missed keys.</param>
    public static uint Run(string devmapPins, bool finish, bool withoutMissedKeys = false)
    {
        var pins = new DevmapPins(devmapPins);
        using var other = Compile(withoutMissedKeys);
        var config = Pin.ReadConfig<devmapd_redirect_config>(pins.Config, devmapd_kind.Redirect);
        RedirectUpgrade.Load(pins, other, config with { version = withoutMissedKeys ? 1 : DevmapdConstants.DEVMAPD_VERSION });
        RedirectUpgrade.Stage(pins, other);
        if (finish)
            RedirectUpgrade.Finish(pins);
        if (withoutMissedKeys)
            File.Delete(pins.Missed);
        using var program = other.OpenProgram(DevmapCreation.Program);
        return BpfInfo.OfProgram(program).id;
    }

    private static BpfObject Compile(bool withoutMissedKeys)
    {
        var folder = Directory.CreateTempSubdirectory();
        var (source, file) = (Path.Combine(folder.FullName, "redirect.bpf.c"), Path.Combine(folder.FullName, "redirect.o"));
        var text = File.ReadAllText(Repository.PathOf("bpf/redirect.bpf.c"));
        if (!text.Contains(SampleMiss, StringComparison.Ordinal))
            throw new InvalidOperationException("the redirect program does not sample missed keys as it did");
        File.WriteAllText(source, withoutMissedKeys ? text.Replace(SampleMiss, "", StringComparison.Ordinal) : text);
        Shell.Run(
            "clang", "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-idirafter", $"/usr/include/{Shell.Run("uname", "-m").Trim()}-linux-gnu",
            "-I", Repository.PathOf("bpf"), "-c", source, "-o", file);
        var other = BpfObject.Open(File.ReadAllBytes(file), "redirect of another build");
        folder.Delete(recursive: true);
        return other;
    }
}

using System.Collections.Concurrent;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.TestCommon.Lab;

/// <summary>The redirect program of a build that is not this one: the same source for another BPF machine, which comes to other instructions.</summary>
public static class OtherBuild
{
    private const string SampleMiss = "\t\t\tsample_miss(key);\n";
    private const uint FirstWithMissedKeys = 2;
    private const uint FirstWithCompletion = 3;

    private static readonly ConcurrentDictionary<uint, byte[]> Compiled = new();

    /// <summary>Has a devmap run it, and gives its program id.</summary>
    /// <param name="devmapPins">The folder of the devmap's pins.</param>
    /// <param name="finish">If not, it is as a crash would leave it before the first link was switched over.</param>
    /// <param name="version">The layout version: 1 had no map of missed keys, 2 no program that completes checksums.</param>
    public static uint Run(string devmapPins, bool finish, uint version = DevmapdConstants.DEVMAPD_VERSION)
    {
        var pins = new DevmapPins(devmapPins);
        using var other = BpfObject.Open(Compiled.GetOrAdd(version, Compile), "redirect of another build");
        var config = Pin.ReadConfig<devmapd_redirect_config>(pins.Config, devmapd_kind.Redirect);
        IReadOnlyList<RedirectProgram> programs = version < FirstWithCompletion ? [RedirectProgram.Plain] : RedirectPrograms.Xdp;
        RedirectUpgrade.Load(pins, other, config with { version = version }, programs);
        RedirectUpgrade.Stage(pins, other, programs);
        if (finish)
        {
            if (version < FirstWithCompletion)
                File.Delete(pins.Complete);
            RedirectUpgrade.Finish(pins);
        }

        foreach (var pin in pins.Objects.Where(p => pins.SinceVersion(p) > version))
            File.Delete(pin);
        using var program = other.OpenProgram(RedirectPrograms.FunctionOf(RedirectProgram.Plain));
        return BpfInfo.OfProgram(program).id;
    }

    private static byte[] Compile(uint version)
    {
        var folder = Directory.CreateTempSubdirectory();
        var (source, file) = (Path.Combine(folder.FullName, "redirect.bpf.c"), Path.Combine(folder.FullName, "redirect.o"));
        var text = File.ReadAllText(Repository.PathOf("bpf/redirect.bpf.c"));
        if (!text.Contains(SampleMiss, StringComparison.Ordinal))
            throw new InvalidOperationException("the redirect program does not sample missed keys as it did");
        File.WriteAllText(source, version < FirstWithMissedKeys ? text.Replace(SampleMiss, "", StringComparison.Ordinal) : text);
        Shell.Run(
            "clang", "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-idirafter", $"/usr/include/{Shell.Run("uname", "-m").Trim()}-linux-gnu",
            "-I", Repository.PathOf("bpf"), "-c", source, "-o", file);
        var other = File.ReadAllBytes(file);
        folder.Delete(recursive: true);
        return other;
    }
}

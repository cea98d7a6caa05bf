using System.Diagnostics;
using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests;

/// <summary>devmapctl on the real kernel, in the network namespace of the daemon: frames do what it says.</summary>
public sealed class CtlTests
{
    private const string Key = "10.0.0.7";

    [Fact]
    public async Task SetAndAttach_FramesArrive_AndAreSeen()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());

        await OkAsync(testbed, "attach", ingress.Name, "-d", Testbed.ByAddress);
        await OkAsync(testbed, "set", Key, target.Name, "-d", Testbed.ByAddress, "--wait");

        ingress.AssertReaches(target, Key);
        Assert.Matches($@"{Key} +{target.Name} +Forwarding +[1-9]", await OkAsync(testbed, "get", "entries", "-d", Testbed.ByAddress));
        await OkAsync(testbed, "explain", Key, "-d", Testbed.ByAddress);
        Assert.Contains(Key, await OkAsync(testbed, "top", "--interval", "50ms", "-d", Testbed.ByAddress), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_TargetIsDown_FixSetsItUp()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await OkAsync(testbed, "attach", ingress.Name, "-d", Testbed.ByAddress);
        await OkAsync(testbed, "set", Key, target.Name, "-d", Testbed.ByAddress, "--wait");
        await RunAsync("nsenter", $"--net={testbed.Space.Path}", "ip", "link", "set", target.Name, "down");

        Assert.Contains($"ip link set dev {target.Name} up", (await CtlAsync(testbed, "doctor")).Output, StringComparison.Ordinal);
        await CtlAsync(testbed, "doctor", "--fix");

        await OkAsync(testbed, "wait", Key, "-d", Testbed.ByAddress);
        ingress.AssertReaches(target, Key);
    }

    private static async Task<string> OkAsync(Testbed testbed, params string[] arguments)
    {
        var (code, output) = await CtlAsync(testbed, arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {code}\n{output}");
        return output;
    }

    private static Task<(int Code, string Output)> CtlAsync(Testbed testbed, params string[] arguments) =>
        RunAsync("nsenter", [$"--net={testbed.Space.Path}", Path.Combine(AppContext.BaseDirectory, "devmapctl"), .. arguments, "--address", testbed.Runner.Address]);

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }
}

using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Targets that are VLAN devices. For `make kernels`: the kernel of this machine can lack their driver, which those of distributions have.</summary>
[Trait("Group", "kinds")]
public sealed class VlanTargetTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const int Count = 5;

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    [InlineData("tcx")]
    public async Task VlanDevice_StandsForTheDeviceBelowAndATag(string mode)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, below) = (testbed.AddPort(), testbed.AddPort());
        var name = $"{below.Name}.5";
        testbed.Space.Shell("ip", "link", "add", "link", below.Name, "name", name, "type", "vlan", "id", "5");
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name, mode);
        await testbed.Http.WriteAsync<Entry>($"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.7", new { @interface = name });
        await Eventually.Async(async () => (await StatusAsync()).Conditions.Any(c => c is { Type: "InterfaceUp", Status: "False" }));
        testbed.Space.Shell("ip", "link", "set", name, "up");
        await Eventually.Async(async () => (await StatusAsync()).Conditions.All(c => c is not { Type: "InterfaceUp", Status: "False" }));

        var run = FrameMark.NewRun();
        byte[][] frames = [.. Enumerable.Range(0, Count).Select(i => Frames.Udp(new FrameMark(run, (ulong)i), "10.0.0.7"))];
        var arrived = ingress.Send(frames, run, below, expected: Count);

        Assert.Equal(frames, arrived.Select(Frames.WithoutTag));
        Assert.All(arrived, frame => Assert.Equal([5], Frames.TagsOf(frame)));
        var entry = await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7");
        Assert.Equal((name, below.Name, (ushort?)5), (entry.Spec.Interface, entry.Status.ResolvedInterface, entry.Status.ResolvedActions?.PushVlan));

        async Task<EntryStatus> StatusAsync() => (await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7")).Status;
    }
}

using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>An attachment makes its interface promiscuous where it must, and undoes only what the daemon did.</summary>
public sealed class PromiscuousTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const string Attachments = $"/v1/devmaps/{Testbed.ByInterface}/attachments";

    [Theory]
    [InlineData("ifb")]
    [InlineData("veth")]
    [InlineData("bridge")]
    public async Task On_SetsTheFlag_DetachClearsIt(string kind)
    {
        await using var testbed = await daemon.UseAsync();
        Add(testbed, kind);

        var attached = await AttachAsync(testbed, "on");

        Assert.True(HasFlag(testbed));
        Assert.Equal("True", ReceivesAll(attached).Status);
        await testbed.Http.RemoveAsync($"{Attachments}/in0");
        Assert.False(HasFlag(testbed));
    }

    [Fact]
    public async Task FlagOfSomebodyElse_Stays()
    {
        await using var testbed = await daemon.UseAsync();
        Add(testbed, "bridge");
        testbed.Batch("link set dev in0 promisc on");

        await AttachAsync(testbed, "on");
        await AttachAsync(testbed, "off");
        Assert.True(HasFlag(testbed));
        await testbed.Http.RemoveAsync($"{Attachments}/in0");

        Assert.True(HasFlag(testbed));
    }

    [Fact]
    public async Task Off_IsReported_AndTheRemedyLetsForeignFramesIn()
    {
        await using var testbed = await daemon.UseAsync();
        var (source, target) = (testbed.AddPort(), testbed.AddPort());
        Add(testbed, "bridge");
        testbed.Batch($"link set dev {source.Name} master in0");
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, "in0", target.Name);
        var condition = ReceivesAll(await AttachAsync(testbed, "auto"));
        Assert.Equal(("False", "NotPromiscuous"), (condition.Status, condition.Reason));
        source.AssertDoesNotReach(target);

        await RemedyRunner.FollowAsync(testbed, condition.How!);

        Assert.Equal("Promiscuous", ReceivesAll(await testbed.Http.ReadAsync<Attachment>($"{Attachments}/in0")).Reason);
        source.AssertReaches(target);
        await AttachAsync(testbed, "off");
        source.AssertDoesNotReach(target);
    }

    [Fact]
    public async Task FlagClearedByHand_IsSetAgain_AndFollowsTheName()
    {
        await using var testbed = await daemon.UseAsync();
        Add(testbed, "bridge");
        await AttachAsync(testbed, "on");

        testbed.Batch("link set dev in0 promisc off");
        await Eventually.Async(() => HasFlag(testbed), what: "the flag is set again");

        testbed.Batch("link set dev in0 down", "link set dev in0 name was0", "link set dev was0 up");
        await Eventually.Async(() => !HasFlag(testbed, "was0"), what: "the interface that has another name now is as it was");
        Add(testbed, "bridge");
        await Eventually.Async(() => HasFlag(testbed), what: "the new interface of the name has the flag");
        testbed.Batch("link del dev in0");
        Add(testbed, "bridge");
        await Eventually.Async(() => HasFlag(testbed), what: "the one after that, too");
    }

    [Fact]
    public async Task Flag_OutlivesTheDaemon_AndTheNextOneOrTeardownClearsIt()
    {
        await using var testbed = await Testbed.StartAsync();
        Add(testbed, "bridge");
        await AttachAsync(testbed, "on");
        await testbed.Runner.KillAsync();
        Assert.True(HasFlag(testbed));

        await testbed.Runner.StartAsync();
        Assert.True(HasFlag(testbed));
        await testbed.Http.RemoveAsync($"{Attachments}/in0");
        Assert.False(HasFlag(testbed));

        // The flag is set while no daemon runs: it is none of the daemon's.
        await testbed.Runner.StopAsync();
        testbed.Batch("link set dev in0 promisc on");
        await testbed.Runner.StartAsync();
        await AttachAsync(testbed, "on");
        await testbed.Http.RemoveAsync($"{Attachments}/in0");
        Assert.True(HasFlag(testbed));

        testbed.Batch("link set dev in0 promisc off");
        await AttachAsync(testbed, "on");
        await testbed.Runner.StopAsync();
        await using var teardown = testbed.Runner.Launch("teardown");
        Assert.Equal(0, await teardown.WaitExitAsync());
        Assert.Contains("interface in0 is no longer promiscuous", teardown.Log);
        Assert.False(HasFlag(testbed));
    }

    private static void Add(Testbed testbed, string kind) => testbed.Batch(
        kind == "veth" ? "link add in0 type veth peer name in1" : $"link add in0 type {kind}", "link set dev in0 up");

    private static Task<Attachment> AttachAsync(Testbed testbed, string promiscuous) =>
        testbed.Http.WriteAsync<Attachment>($"{Attachments}/in0", new { mode = "generic", promiscuous });

    private static Condition ReceivesAll(Attachment attachment) => attachment.Status.Conditions.Single(c => c.Type == "IngressReceivesAll");

    private static bool HasFlag(Testbed testbed, string name = "in0") => testbed.Space.Shell("ip", "link", "show", "dev", name).Contains("PROMISC", StringComparison.Ordinal);
}

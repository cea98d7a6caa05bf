using System.Buffers.Binary;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>Probes: what they settle, what they never do, and when they lapse.</summary>
public sealed class ProbeTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Changes after which a proof no longer counts.</summary>
    public static TheoryData<string> Changes { get; } =
        ["target down and up again", "target's MTU", "entry's target and back", "entry's labels", "attachment's labels", "attached again", "element by hand"];

    [Fact]
    public async Task Unverified_ThatIsProven_IsForwarding_UntilTheTimeIsOver()
    {
        var time = new FakeTimeProvider();
        await using var core = await StartAsync(time);
        Assert.Equal(EntryState.Unverified, State(core));

        var probe = await ProbeAsync(core);

        Assert.Equal((ConditionStatus.True, EntryState.Forwarding, 10, 10UL), (probe.Proven.Status, probe.State, probe.Frames, probe.Sent));
        Assert.Equal(time.GetUtcNow() + Lifetime, probe.ExpireTime);
        var status = Status(core);
        Assert.Equal(EntryState.Forwarding, status.State);
        Assert.Equal(probe.Proven, Assert.Single(status.Conditions, c => c.Type == ConditionTypes.Proven));
        // The fact itself is still unseen.
        Assert.Equal("FeaturesUnseen", Assert.Single(status.Conditions, c => c.Status == ConditionStatus.Unknown).Reason);
        Assert.Equal("far0", Assert.Single(core.List("vlans", new EntryQuery(State: EntryState.Forwarding)).Entries).Spec!.Interface);
        Assert.Equal(1, core.StateCounter.Count("vlans")!.Entries[EntryState.Forwarding]);
        Assert.Equal(ExplainOutcome.Leaves, Explain(core).Outcome);

        time.Advance(Lifetime - TimeSpan.FromTicks(1));
        Assert.Equal(EntryState.Forwarding, State(core));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(EntryState.Unverified, State(core));
        Assert.DoesNotContain(Status(core).Conditions, c => c.Type == ConditionTypes.Proven);
        Assert.Equal(1, core.StateCounter.Count("vlans")!.Entries[EntryState.Unverified]);
        Assert.Equal((ExplainOutcome.Unknown, "FeaturesUnseen"), (Explain(core).Outcome, Explain(core).Reason));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Proof_LapsesWithAChange(string change)
    {
        await using var core = await StartAsync();
        await ProbeAsync(core);
        Assert.Equal(EntryState.Forwarding, State(core));

        switch (change)
        {
            case "target down and up again":
                core.Host.ChangeInterface("far0", i => i with { IsUp = false });
                core.Host.ChangeInterface("far0", i => i with { IsUp = true });
                break;
            case "target's MTU":
                core.Host.ChangeInterface("far0", i => i with { Mtu = 1600 });
                break;
            case "entry's target and back":
                await core.PutAsync("vlans", "10", "sim2");
                await core.PutAsync("vlans", "10", "far0");
                break;
            case "entry's labels":
                await core.Entries.PutAsync(
                    "vlans", "10", new EntrySpec("far0") { Labels = Labels.Of(new Dictionary<string, string> { ["a"] = "b" }) }, false, RequestContext.OfDaemon());
                break;
            case "attachment's labels":
                await AttachAsync(core, AttachMode.Native, Labels.Of(new Dictionary<string, string> { ["a"] = "b" }));
                break;
            case "attached again":
                await core.Attachments.DeleteAsync("vlans", "sim0", RequestContext.OfDaemon());
                await AttachAsync(core, AttachMode.Native);
                break;
            case "element by hand":
                core.Host.SetElementByHand("vlans", 10, null);
                Assert.Equal(EntryState.Pending, State(core));
                await core.Audits.AuditAsync("vlans", true, RequestContext.OfDaemon());
                break;
        }

        Assert.Equal(EntryState.Unverified, State(core));
        Assert.Equal(EntryState.Forwarding, (await ProbeAsync(core)).State);
    }

    [Fact]
    public async Task Proof_NeverStandsAgainstWhatIsSeenToBeWrong()
    {
        await using var core = await StartAsync();
        await core.PutProgramAsync("stop", "drop");
        await core.PutAsync("vlans", "10", "far0", "stop");

        var probe = await ProbeAsync(core);

        Assert.Equal((ConditionStatus.False, "EgressProgramDrops", EntryState.Undeliverable), (probe.Proven.Status, probe.Proven.Reason, probe.State));

        // The driver of a target that another condition is False about takes short frames, and yet the entry stays what it is.
        await core.PutAsync("vlans", "10", "far0");
        core.Host.ChangeInterface("sim0", i => i with { Mtu = 9000 });
        core.Host.ChangeInterface("far0", i => i with { Mtu = 8000 });
        var other = await ProbeAsync(core);
        Assert.Equal((ConditionStatus.True, EntryState.Undeliverable), (other.Proven.Status, other.State));
    }

    [Fact]
    public async Task Unverified_ThatLosesItsFrames_IsUndeliverable_AndCounted()
    {
        await using var core = await StartAsync();
        await core.PutAsync("vlans", "10", "near0");

        var probe = await ProbeAsync(core);

        Assert.Equal((ConditionStatus.False, "NotAccepted", EntryState.Undeliverable), (probe.Proven.Status, probe.Proven.Reason, probe.State));
        var drop = Assert.Single(probe.Drops);
        Assert.Equal((DropCause.NotAccepted, Errno.EOPNOTSUPP, 10UL), (drop.Cause, drop.Errno, drop.Packets));
        var counts = core.StateCounter.Count("vlans")!;
        Assert.Equal((1, 0, 1), (counts.Entries[EntryState.Undeliverable], counts.Entries[EntryState.Unverified], counts.False[("Proven", "NotAccepted")]));
        Assert.Equal(10, counts.ProbeFrames);
        Assert.Equal((ExplainOutcome.Dropped, "NotAccepted"), (Explain(core).Outcome, Explain(core).Reason));
    }

    [Theory]
    [InlineData(1500u, EntryState.Forwarding)]
    [InlineData(9000u, EntryState.Unverified)]
    public async Task MtuThatIsUnseen_IsSettledByFramesAsLongAsThoseThatArrive(uint ingressMtu, EntryState state)
    {
        var host = SimulatedHost.WithInterfaces();
        host.ChangeInterface("sim0", i => i with { Mtu = ingressMtu });
        host.ChangeInterface("sim1", i => i with { Mtu = ingressMtu, LinkIfindex = 2, LinkNetnsId = 0 });
        await using var core = await CoreFixture.StartAsync(host);
        await AttachAsync(core, AttachMode.Native);
        Assert.Equal(EntryState.Unverified, (await core.PutAsync("vlans", "10", "sim1")).View.Status.State);

        var probe = await ProbeAsync(core);

        Assert.Equal((ConditionStatus.True, state), (probe.Proven.Status, probe.State));
        Assert.Equal(ingressMtu == 1500 ? 1518 : 3072, probe.FrameBytes);
    }

    [Fact]
    public async Task Watchers_SeeAProofComeAndLapse()
    {
        var time = new FakeTimeProvider();
        await using var core = await StartAsync(time);
        var revision = core.State.Current.Revision;
        await using var reader = core.Watches.Watch("vlans", revision, new WatchQuery(), RequestContext.OfDaemon()).GetAsyncEnumerator();
        while (await NextAsync() is not WatchEvent.Synced)
            continue;

        await ProbeAsync(core);
        Assert.Equal(("far0", 1), Changed(await NextAsync()));

        var next = NextAsync();
        var deadline = DateTime.UtcNow.AddSeconds(30);
        time.Advance(Lifetime);
        while (!next.IsCompleted && DateTime.UtcNow < deadline)
            await Task.Delay(1);
        var lapsed = await next;
        while (lapsed is WatchEvent.Bookmark)
            lapsed = await NextAsync();
        Assert.Equal(("far0", 1), Changed(lapsed));
        Assert.Equal(EntryState.Unverified, State(core));

        async Task<WatchEvent> NextAsync()
        {
            Assert.True(await reader.MoveNextAsync());
            return reader.Current;
        }

        static (string, int) Changed(WatchEvent happened) => happened is WatchEvent.StatusChanged changed ? (changed.Interface, changed.Entries) : ($"{happened}", 0);
    }

    [Fact]
    public async Task Probes_AreOffUnlessSwitchedOn()
    {
        await using var core = await StartAsync();
        using var off = new ProbeService(new ProbeOptions(), core.State, core.Writer, core.Entries, core.Kernel, TimeProvider.System, NullLogger<ProbeService>.Instance);

        var error = await CoreFixture.FailsAsync(() => off.ProbeAsync("vlans", "10", null, RequestContext.OfDaemon()));

        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
        Assert.Contains("ControlPlane:Probe:Enabled", error.Detail, StringComparison.Ordinal);
        Assert.Contains("ControlPlane__Probe__Enabled=true", error.Remedy!.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_WithoutLiveFrames_SaysWhatBringsThem()
    {
        await using var core = await CoreFixture.StartAsync(wrap: kernel => new ManualLinkEventsKernel(kernel));
        await core.PutAsync("vlans", "10", "sim1");

        var error = await CoreFixture.FailsAsync(() => ProbeAsync(core));

        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Contains("Linux 5.18", error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vlans", "0")]
    [InlineData("vlans", "100")]
    [InlineData("vlans", "4095")]
    [InlineData("addresses", "10.0.0.7")]
    [InlineData("addresses", "255.255.255.255")]
    [InlineData("ingress", "sim0")]
    public void Frames_HaveTheirKey_UdpPort9_AndATimeToLiveOf1(string devmap, string text)
    {
        var host = SimulatedHost.WithInterfaces();
        var selector = new[] { CoreFixture.Vlans, CoreFixture.Addresses, CoreFixture.Ingress }.Single(d => d.Name == devmap).Spec.KeySelector;
        var key = selector.Parse(text, out _)!.Value;
        var facts = selector.FactsOf(key, host.Interfaces);

        foreach (var (length, padding) in ((int, int)[])[(46, 0), (1500, 4), (1499, 0)])
        {
            var frame = TestFrame.BuildForWire(facts, new MacAddress(0x02_00_00_00_00_07), length, padding);

            var vlan = TestFrame.VlanOf(frame);
            var ip = frame.AsSpan(vlan == 0 ? 14 : 18);
            Assert.Equal(length + padding, ip.Length);
            Assert.Equal(length, BinaryPrimitives.ReadUInt16BigEndian(ip[2..]));
            Assert.Equal((1, 17, 9), (ip[8], ip[9], BinaryPrimitives.ReadUInt16BigEndian(ip[22..])));
            Assert.Equal(facts.Vlan ?? 0, vlan);
            Assert.Equal(0xffffu, Sum(ip[..20], 0));
            Assert.Equal(0xffffu, Sum(ip[20..length], Sum(ip[12..20], 17 + (uint)length - 20)));
            var found = selector.Select(new FrameFacts(facts.Ingress, vlan, BinaryPrimitives.ReadUInt32BigEndian(ip[16..])), host.Interfaces).KernelKey;
            Assert.Equal(key.InterfaceName is { } name ? host.Interfaces.Find(name)!.Ifindex : key.Number, found);
        }

        static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
        {
            for (var i = 0; i < bytes.Length; i++)
                sum += i % 2 == 0 ? (uint)bytes[i] << 8 : bytes[i];
            while (sum > 0xffff)
                sum = (sum & 0xffff) + (sum >> 16);
            return sum;
        }
    }

    private static async Task<CoreFixture> StartAsync(TimeProvider? time = null)
    {
        var host = new SimulatedHost { ReportsXdpFeatures = false };
        host.AddInterface("sim0");
        host.AddInterface("sim2");
        host.AddInterface("far0", "bond");
        host.AddInterface("near0", "bond", XdpFeatures.Basic | XdpFeatures.Redirect);
        var core = await CoreFixture.StartAsync(host, time: time);
        await AttachAsync(core, AttachMode.Native);
        await core.PutAsync("vlans", "10", "far0");
        return core;
    }

    private static Task<PutOutcome<Attachment>> AttachAsync(CoreFixture core, AttachMode mode, Labels? labels = null) =>
        core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(mode) { Labels = labels ?? Labels.Empty }, false, RequestContext.OfDaemon());

    private static Task<Probe> ProbeAsync(CoreFixture core, long? frames = null) => core.Probes.ProbeAsync("vlans", "10", frames, RequestContext.OfDaemon());

    private static EntryStatus Status(CoreFixture core) => core.Entries.Get("vlans", "10", RequestContext.OfDaemon()).Status;

    private static EntryState State(CoreFixture core) => Status(core).State;

    private static ExplainVerdict Explain(CoreFixture core) => core.Explanations.Explain("vlans", new ExplainQuery("10"), RequestContext.OfDaemon()).Verdict;
}

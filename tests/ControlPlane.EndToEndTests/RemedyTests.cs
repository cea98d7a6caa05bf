using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Remedy = ControlPlane.EndToEndTests.Support.Remedy;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// Makes a cause, follows the reported remedy to the letter in the daemon's network namespace, and sees the state change. The peers' network
/// namespaces have names, so nothing has to be filled in. <see cref="LossCauseTests"/> does the same for every cause of a loss.
/// </summary>
public sealed partial class RemedyTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const string Entry = $"/v1/devmaps/{Testbed.ByInterface}/entries";
    private const string Attachments = $"/v1/devmaps/{Testbed.ByInterface}/attachments";

    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.AtPeer))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.SetPeerUp))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.TurnOnPeerGro))]
    [Theory]
    [InlineData("TargetAcceptsRedirect", "ethtool -K {0} gro off")]
    [InlineData("CarrierPresent", "ip link set dev {0} down")]
    [InlineData("MtuSufficient", "ip link set dev {0} mtu 1400")]
    public async Task AtThePeer_TheCommandNamesTheNamespace(string type, string cause)
    {
        await using var testbed = await daemon.UseAsync();
        using var left = NetworkNamespace.Create(LabNames.Next());
        using var right = NetworkNamespace.Create(LabNames.Next());
        using var ingress = Veth(testbed, left);
        using var target = Veth(testbed, right);
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
        target.PeerNamespace.Shell("sh", "-c", string.Format(null, cause, target.PeerName));
        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Undeliverable");

        var condition = (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.Faults.Single(c => c.Type == type);
        Assert.Contains($" {right.Name} ", condition.How!.Commands.Single(), StringComparison.Ordinal);
        Assert.Contains($"'{target.PeerName}' (index {target.PeerIfindex})", condition.How.Summary, StringComparison.Ordinal);
        await testbed.FollowAsync(condition.How);

        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
    }

    [Fact]
    public async Task PeerThatIsRenamed_TheRemedyFollows()
    {
        await using var testbed = await daemon.UseAsync();
        using var space = NetworkNamespace.Create(LabNames.Next());
        using var target = Veth(testbed, space, acceptsRedirect: false);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", target.Name);
        space.Shell("ip", "link", "set", "dev", target.PeerName, "down");
        space.Shell("ip", "link", "set", "dev", target.PeerName, "name", "renamed0");
        space.Shell("ip", "link", "set", "dev", "renamed0", "up");
        await Eventually.Async(async () => (await FaultAsync())?.How!.Commands is [var command] && command.Contains("renamed0", StringComparison.Ordinal));
        await testbed.FollowAsync((await FaultAsync())!.How!);
        await testbed.WaitForStateAsync(Testbed.ByAddress, "10.0.0.7", "Forwarding");

        async Task<Condition?> FaultAsync() => (await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7")).Status.Faults.FirstOrDefault(c => c.Type == "TargetAcceptsRedirect");
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task AnotherProgramWithoutALink_IsDetached(string mode)
    {
        await using var testbed = await daemon.UseAsync();
        var port = testbed.AddPort();
        using var foreign = new XdpPassObject();
        testbed.Space.Shell("ip", "link", "set", "dev", port.Name, mode == "native" ? "xdpdrv" : "xdpgeneric", "obj", foreign.Path, "sec", "xdp");
        await RefusedThenAttachedAsync(testbed, port.Name, "attach_conflict");
    }

    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.DetachOther))]
    [Follows(typeof(AttachmentErrors), nameof(AttachmentErrors.Refused), "EBUSY")]
    [Fact]
    public async Task AnotherProgramWithALink_IsDetached()
    {
        await using var testbed = await daemon.UseAsync();
        var port = testbed.AddPort();
        await using var other = new DaemonRunner(testbed.Space, detached: false);
        await other.StartAsync();
        await other.Http.WriteAsync<Attachment>(Attachments + "/" + port.Name, new { mode = "native" });
        await RefusedThenAttachedAsync(testbed, port.Name, "attach_conflict");
    }

    [Follows(typeof(AttachmentErrors), nameof(AttachmentErrors.Refused), "ERANGE")]
    [Follows(typeof(AttachmentErrors), nameof(AttachmentErrors.Refused), "ENOSPC")]
    [Fact]
    public async Task PeerWithTooLargeMtu_OrTooManyQueues_IsSetUp()
    {
        await using var testbed = await daemon.UseAsync();
        using var space = NetworkNamespace.Create(LabNames.Next());
        testbed.Batch($"link add few numrxqueues 1 numtxqueues 1 type veth peer name peer0 numtxqueues 4 numrxqueues 4 netns {space.Name}", "link set few up");
        space.Shell("ip", "link", "set", "peer0", "up");
        space.Shell("ethtool", "-L", "peer0", "tx", "4", "rx", "1");
        await RefusedThenAttachedAsync(testbed, "few", "interface_unsuitable");

        await testbed.Http.RemoveAsync($"{Attachments}/few");
        testbed.Batch("link set few mtu 9000");
        space.Shell("ip", "link", "set", "peer0", "mtu", "9000");
        await RefusedThenAttachedAsync(testbed, "few", "interface_unsuitable");
    }

    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.LowerIngressMtu))]
    [Fact]
    public async Task MtuThatTheKernelDoesNotTake_TheIngressIsLowered()
    {
        await using var testbed = await daemon.UseAsync();
        using var space = NetworkNamespace.Create(LabNames.Next());
        using var ingress = Veth(testbed, space);
        using var target = Veth(testbed, space);
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name, "generic");
        await testbed.Http.AttachAsync(Testbed.ByInterface, target.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
        foreach (var jumbo in new[] { ingress.Name, target.Name })
            testbed.Batch($"link set {jumbo} mtu 9000");
        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Undeliverable");

        await testbed.FollowAsync((await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.Faults.Single(c => c.Type == "MtuSufficient").How!);

        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
        // A longer frame: each remedy is a command that the kernel takes, until none is left.
        for (var steps = 0; ; steps++)
        {
            Assert.True(steps < 4, "the remedies do not end");
            var explained = await testbed.Http.ReadAsync<RemedyOfVerdict>($"{Entry}/{ingress.Name}:explain?length=9000");
            if (explained.Verdict.Remedy is not { Commands.Count: > 0 } remedy)
                break;
            await testbed.FollowAsync(remedy);
        }
    }

    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.Attach))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.Audit))]
    [Follows(typeof(AttachmentErrors), nameof(AttachmentErrors.HeldByOtherDevmap))]
    [Follows(typeof(ProgramErrors), nameof(ProgramErrors.Missing))]
    [Follows(typeof(LeaseErrors), nameof(LeaseErrors.Missing))]
    [Follows(typeof(EntryErrors), nameof(EntryErrors.EgressProgramConflict))]
    [Fact]
    public async Task Requests_AreSentAsTheyStand()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        var entry = $"{Entry}/{ingress.Name}";

        // The redirect program does not run there: the condition's request attaches it.
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
        await testbed.FollowAsync(await RemedyOfAsync("IngressAttached"));
        ingress.AssertReaches(target);

        // Somebody else detached it: the audit.
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name, "generic");
        var detached = await testbed.Http.ReadAsync<Attachment>($"{Attachments}/{ingress.Name}");
        await Eventually.Async(async () =>
        {
            // News of the attaching itself may still be on its way: the daemon then repairs the detached link at once.
            if (detached.Status.LinkId is { } link)
                Shell.Run("bpftool", "link", "detach", "id", link.ToString(System.Globalization.CultureInfo.InvariantCulture));
            detached = await testbed.Http.ReadAsync<Attachment>($"{Attachments}/{ingress.Name}");
            var entryStatus = (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status;
            return detached.Status.State == "Pending" && entryStatus.Faults.SingleOrDefault()?.Reason == "Detached";
        });
        Assert.Equal((null, null), (detached.Status.Ifindex, detached.Status.LinkId));
        Assert.Equal("Detached", detached.Status.Conditions.Single().Reason);
        await testbed.FollowAsync(detached.Status.Conditions.Single().How!);
        Assert.Equal("Attached", (await testbed.Http.ReadAsync<Attachment>($"{Attachments}/{ingress.Name}")).Status.State);
        ingress.AssertReaches(target);

        // Another devmap holds the interface: its attachment is deleted.
        var other = $"/v1/devmaps/{Testbed.ByAddress}/attachments/{ingress.Name}";
        await testbed.FollowAsync((await testbed.Http.RefusedAsync(other, new { mode = "native" })).How!);
        await testbed.Http.WriteAsync<Attachment>(other, new { mode = "native" });
        await testbed.Http.RemoveAsync(other);

        // The egress program does not exist: the request creates it.
        await testbed.FollowAsync((await testbed.Http.RefusedAsync(entry, new { @interface = target.Name, egressProgram = "wanted" })).How!);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name, "wanted");

        // Another entry for the same device has another program: all get the new one.
        var second = $"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.9";
        await testbed.FollowAsync((await testbed.Http.RefusedAsync(second, new { @interface = target.Name })).How!);
        await testbed.Http.WriteAsync<Entry>(second, new { @interface = target.Name });

        // The lease does not exist: the request makes it.
        await testbed.FollowAsync((await testbed.Http.RefusedAsync(second, new { @interface = target.Name, lease = "cni" })).How!);
        await testbed.Http.WriteAsync<Entry>(second, new { @interface = target.Name, lease = "cni" });
        await testbed.Http.RemoveAsync("/v1/leases/cni");

        async Task<Remedy> RemedyOfAsync(string type) =>
            (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.Faults.Single(c => c.Type == type).How!;
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task PreparePeer_InsideTheNamespace_MakesTheTargetAcceptFrames(string mode)
    {
        await using var testbed = await daemon.UseAsync();
        using var space = NetworkNamespace.Create(LabNames.Next());
        using var ingress = Veth(testbed, space, acceptsRedirect: false);
        using var target = Veth(testbed, space, acceptsRedirect: false);
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name, mode);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);

        foreach (var peer in new[] { ingress.PeerName, target.PeerName })
            Assert.Contains(peer, space.Shell($"{AppContext.BaseDirectory}/devmapd", "prepare-peer", "--interface", peer, "--mode", mode), StringComparison.Ordinal);

        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
        var features = space.Shell("ethtool", "-k", ingress.PeerName);
        string[] expected = mode == "native"
            ? ["generic-receive-offload: on", "tx-vlan-offload: off"]
            : ["tx-tcp-segmentation: off", "tx-checksumming: on"];
        Assert.All(expected, line => Assert.Contains(line, features, StringComparison.Ordinal));
    }

    private static VethPair Veth(Testbed testbed, NetworkNamespace peer, bool acceptsRedirect = true) =>
        VethPair.Create(testbed.Space, new VethOptions { PeerNamespace = peer, AcceptsRedirect = acceptsRedirect });

    private static async Task RefusedThenAttachedAsync(Testbed testbed, string name, string code)
    {
        var refused = await testbed.Http.RefusedAsync($"{Attachments}/{name}", new { mode = "native" });
        Assert.Equal(code, refused.Code);
        await testbed.FollowAsync(refused.How! with { Request = null }); // the request is another way: generic mode
        Assert.Equal("Attached", (await testbed.Http.AttachAsync(Testbed.ByInterface, name)).Status.State);
    }

    private sealed record RemedyOfVerdict(VerdictWithRemedy Verdict);

    private sealed record VerdictWithRemedy(string Outcome, Remedy? Remedy);
}

using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>A daemon starts in another network namespace, with the pins or the store of a daemon elsewhere. Names and indexes may be the same.</summary>
[Trait("Group", "losses")]
public sealed class NamespaceIdentityTests
{
    [Follows(typeof(HostErrors), nameof(HostErrors.OtherNamespace))]
    [Follows(typeof(HostErrors), nameof(HostErrors.StoreOfOtherNamespace))]
    [Fact]
    public async Task PinsOfAnotherNamespace_LinksAlive_IsRefusedAndTheRemedyWorks()
    {
        await using var testbed = await Testbed.StartAsync(NetworkNamespace.Create(LabNames.Next()));
        var (ingress, target) = await testbed.SteerAsync();
        await testbed.Runner.StopAsync();
        using var other = NetworkNamespace.Create(LabNames.Next());
        using var elsewhere = NetworkNamespace.Create();
        using var sameName = VethPair.Create(other, new VethOptions { Name = ingress.Name, Ifindex = ingress.Pair.Ifindex, PeerNamespace = elsewhere });
        testbed.Runner.Wrapper = EnterNamespace(other);

        string refusal;
        string refusalOfStore;
        await using (var refused = testbed.Runner.Launch())
        {
            Assert.Equal(75, await refused.WaitExitAsync());
            refusal = refused.StandardError;
        }

        Assert.All([testbed.Space.Name!, other.Name!, ingress.Name], name => Assert.Contains(name, refusal, StringComparison.Ordinal));
        ingress.AssertReaches(target);

        // One way: pins and a store of its own. With the old store alone the refusal is the same.
        var ownPins = $"--ControlPlane:PinRoot={testbed.Runner.PinRoot}-own";
        try
        {
            await using (var refused = testbed.Runner.Launch(ownPins))
            {
                Assert.Equal(75, await refused.WaitExitAsync());
                refusalOfStore = refused.StandardError;
                Assert.Contains(testbed.Runner.StateDirectory, refusalOfStore, StringComparison.Ordinal);
            }

            await using (var own = testbed.Runner.Launch(ownPins, $"--ControlPlane:StateDirectory={testbed.Runner.StateDirectory}-own"))
            {
                await own.WaitReadyAsync();
                Assert.Equal(0, await own.StopAsync());
            }
        }
        finally
        {
            Directory.Delete($"{testbed.Runner.PinRoot}-own", recursive: true);
        }

        ingress.AssertReaches(target);

        // The other way, to the letter.
        var teardown = refusal.Split('\n').Select(l => l.Trim()).Single(l => l.StartsWith("devmapd teardown ", StringComparison.Ordinal));
        Assert.Contains(teardown, refusalOfStore, StringComparison.Ordinal);
        other.Shell("sh", "-c", $"PATH={AppContext.BaseDirectory}:$PATH; {teardown}");
        ingress.AssertDoesNotReach(target);
        await testbed.Runner.StartAsync();
        Assert.Equal("Attached", (await testbed.Http.ReadAsync<Attachment>($"/v1/devmaps/{Testbed.ByInterface}/attachments/{ingress.Name}")).Status.State);
        Assert.Equal("Pending", (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.State); // its target is not here
    }

    [Fact]
    public async Task PinsOfAnotherNamespace_LinksDead_EverythingIsBuiltAgain()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        var before = (ingress.Name, ingress.Pair.Ifindex, target.Name, target.Pair.Ifindex);
        await testbed.Runner.StopAsync();
        testbed.Space.RemoveInterfaces();
        using var other = NetworkNamespace.Create();
        using var elsewhere = NetworkNamespace.Create();
        var ports = new[] { (before.Item1, before.Item2), (before.Item3, before.Item4) }.Select(p =>
        {
            var pair = VethPair.Create(other, new VethOptions { Name = p.Item1, Ifindex = p.Item2, PeerNamespace = elsewhere, AcceptsRedirect = true });
            return new Port(pair, FrameSocket.OpenPeer(pair));
        }).ToArray();
        testbed.Runner.Wrapper = EnterNamespace(other);

        await testbed.Runner.StartAsync();

        Assert.Contains(testbed.Runner.Daemon.Log, line => line.Contains("network namespace that no longer", StringComparison.Ordinal));
        Assert.False((await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Adopted);
        await testbed.AssertForwardsAsync(ports[0], ports[1]);

        // From now on the pins are this namespace's.
        await testbed.Runner.StopAsync();
        await testbed.Runner.StartAsync();
        Assert.True((await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Adopted);
        await testbed.AssertForwardsAsync(ports[0], ports[1]);
        ports.ToList().ForEach(p => p.Far.Dispose());
    }

    [Fact]
    public async Task PrivateBpffs_IsReportedEverywhereAndTheStopClaimsNothing()
    {
        await using var testbed = await Testbed.StartAsync();
        var shared = Assert.Single((await testbed.Http.ReadAsync<Host>("/v1/host")).Conditions, c => c.Type == "PinsPersist");
        Assert.Equal("True", shared.Status);
        Assert.Empty((await testbed.Http.ReadAsync<Ready>("/readyz")).Warnings);
        await testbed.Runner.StopAsync();
        Assert.Contains(testbed.Runner.Daemon.Log, line => line.Contains("frames keep flowing", StringComparison.Ordinal));

        // As "ip netns exec" and a mount in it do.
        testbed.Runner.Wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "umount -l /sys/fs/bpf; mount -t bpf bpf /sys/fs/bpf && exec \"$@\"", "sh"];
        await testbed.Runner.StartAsync();
        var hidden = Assert.Single((await testbed.Http.ReadAsync<Host>("/v1/host")).Conditions, c => c.Type == "PinsPersist");
        Assert.Equal(("False", "PrivateMount"), (hidden.Status, hidden.Reason));
        Assert.Equal([hidden.Message], (await testbed.Http.ReadAsync<Ready>("/readyz")).Warnings);
        Assert.Contains(testbed.Runner.Daemon.Log, line => line.Contains("ends with the last process", StringComparison.Ordinal));
        await testbed.Runner.StopAsync();
        Assert.DoesNotContain(testbed.Runner.Daemon.Log, line => line.Contains("keep flowing", StringComparison.Ordinal));
        Assert.Contains(testbed.Runner.Daemon.Log, line => line.Contains("Stopped. ", StringComparison.Ordinal) || line.Contains("Stopped. {Condition}", StringComparison.Ordinal));

        // Without a bpffs there, the refusal names the way that leads to the host's.
        testbed.Runner.Wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "umount -l /sys/fs/bpf; exec \"$@\"", "sh"];
        await using (var refused = testbed.Runner.Launch())
        {
            Assert.Equal(69, await refused.WaitExitAsync());
            Assert.Contains("nsenter --net", refused.StandardError, StringComparison.Ordinal);
        }

        testbed.Runner.Wrapper = [];
        await testbed.Runner.StartAsync();
        Assert.Equal("True", Assert.Single((await testbed.Http.ReadAsync<Host>("/v1/host")).Conditions, c => c.Type == "PinsPersist").Status);
    }

    private static string[] EnterNamespace(NetworkNamespace space) => ["nsenter", $"--net={space.Path}", "--"];

    private sealed record Host(IReadOnlyList<Condition> Conditions);
}

using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// Frames between hardware as a guest sees it and veths. `make kernels` gives its guests two virtio NICs on one cable, and names them
/// in <c>LAB_NIC</c>.
/// </summary>
[Trait("Group", "nic")]
public sealed class NicTests
{
    private const int Count = 40;

    private static string[] Names => Environment.GetEnvironmentVariable("LAB_NIC")?.Split(' ') is [var near, var far]
        ? [near, far]
        : throw new InvalidOperationException("LAB_NIC must name two NICs on one cable");

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task Nic_AsIngress_ForwardsToVeth(string mode)
    {
        await using var testbed = await Testbed.StartAsync();
        using var far = await Nic.TakeAsync(Names[1], NetworkNamespace.Create());
        using var near = await Nic.TakeAsync(Names[0], testbed.Space, owned: false);
        var target = testbed.AddPort();
        await testbed.Http.AttachAsync(Testbed.ByInterface, near.Name, mode);

        // The selector needs frames for all addresses.
        Assert.Contains("PROMISC", testbed.Space.Shell("ip", "link", "show", "dev", near.Name), StringComparison.Ordinal);
        var entry = await testbed.Http.PutEntryAsync(Testbed.ByInterface, near.Name, target.Name);

        // In generic mode a veth takes every redirected frame, also where the kernel does not report what it takes in native mode.
        Assert.Equal(mode == "generic" ? "Forwarding" : await testbed.ArrivingAsync(), entry.Status.State);
        using var sender = FrameSocket.Open(far.Space, far.Name);
        AssertArrive(sender, target.Far);
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task Nic_AsTarget_SendsWhatVethBrings(string mode)
    {
        await using var testbed = await Testbed.StartAsync();
        using var far = await Nic.TakeAsync(Names[1], NetworkNamespace.Create());
        using var near = await Nic.TakeAsync(Names[0], testbed.Space, owned: false);
        var ingress = testbed.AddPort();
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name, mode);
        // A virtio NIC has a transmit queue for redirected frames while it runs an XDP program itself.
        await testbed.Http.AttachAsync(Testbed.ByInterface, near.Name, mode);

        var entry = await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, near.Name);

        // On this cable the NIC completes no checksums, and in generic mode nobody does: frames with whole ones arrive, those of the stack do not.
        // Whether a veth brings such frames depends on the offloads of its peer.
        if (mode == "native")
            Assert.Equal(await testbed.ArrivingAsync(), entry.Status.State);
        else if (await testbed.HasAsync("peer_offloads"))
            Assert.Equal(("Undeliverable", "ChecksumsLost"), (entry.Status.State, entry.Status.Conditions.Single(c => c.Status == "False").Reason));
        else
            Assert.Equal(("Unverified", "OffloadsUnseen"), (entry.Status.State, entry.Status.Conditions.First(c => c.Status == "Unknown").Reason));
        using var receiver = FrameSocket.Open(far.Space, far.Name);
        AssertArrive(ingress.Far, receiver);
    }

    private static void AssertArrive(FrameSocket sender, FrameSocket receiver)
    {
        var run = FrameMark.NewRun();
        var frames = Enumerable.Range(0, Count).Select(i => Frames.Udp(new FrameMark(run, (ulong)i), "10.0.0.7", 64 + i)).ToList();
        foreach (var frame in frames)
            sender.Send(frame);
        Assert.Equal(frames, receiver.Receive(run, Count, Patience.OfSeconds(10)));
    }

    /// <summary>A NIC in a namespace. It goes back to the initial one with the namespace.</summary>
    private sealed class Nic(string name, NetworkNamespace space, bool owned) : IDisposable
    {
        public string Name => name;

        public NetworkNamespace Space => space;

        public static async Task<Nic> TakeAsync(string name, NetworkNamespace space, bool owned = true)
        {
            // The test before may just have ended: the kernel removes namespaces some time after they are left.
            await Eventually.Async(() => NetworkNamespace.Initial.IfindexOf(name) != 0, Patience.OfSeconds(15));
            NetworkNamespace.Initial.Shell("ip", "link", "set", "dev", name, "netns", space.Path);
            space.Run(() => NetworkNamespace.DisableIpv6(name));
            space.Shell("ip", "link", "set", "dev", name, "up");
            await Eventually.Async(() => space.IsRunning(name), Patience.OfSeconds(15));
            return new Nic(name, space, owned);
        }

        public void Dispose()
        {
            space.Shell("ip", "link", "set", "dev", name, "down");
            if (owned)
                space.Dispose();
        }
    }
}

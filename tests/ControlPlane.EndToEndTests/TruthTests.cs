using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// An entry is called Forwarding only if a frame sent to it would leave: each cause is brought about, frames show that they do
/// not arrive, the remedy that the answer gives is carried out word for word, and they do.
/// </summary>
public sealed class TruthTests
{
    private const string Key = "10.0.0.7";
    private const int FullPayload = 1500 - 28; // of an IPv4 packet as long as the MTU
    private const string AtThePeer = "In the peer's network namespace: ";

    [Theory]
    [InlineData("target down", "InterfaceUp")]
    [InlineData("peer down", "CarrierPresent")]
    [InlineData("peer without GRO", "TargetAcceptsRedirect")]
    [InlineData("small MTU", "MtuSufficient")]
    [InlineData("peer with small MTU", "MtuSufficient")]
    public async Task Undeliverable_RemedyCarriedOut_ForwardsAgain(string cause, string condition)
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort());
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, Key, target.Name);
        Assert.Equal(1, Arriving(ingress, target));

        Break(target.Pair, cause);
        await Eventually.Async(async () => (await StatusAsync(site)).State == "Undeliverable");
        Assert.Equal(0, Arriving(ingress, target));
        var fault = (await StatusAsync(site)).Faults.First(c => c.Type == condition);

        CarryOut(fault.Remedy!, target.Pair);
        await Eventually.Async(async () => (await StatusAsync(site)).State == "Forwarding");
        Assert.Empty((await StatusAsync(site)).Faults);
        Assert.Equal(1, Arriving(ingress, target));
    }

    [Fact]
    public async Task PeerWithoutGro_GenericMode_ForwardsAndSaysSo()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort(acceptsRedirect: false));
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name, "generic");

        var entry = await site.Http.PutEntryAsync(Site.ByAddress, Key, target.Name);

        Assert.Equal("Forwarding", entry.Status.State);
        Assert.Equal(1, Arriving(ingress, target));
    }

    [Fact]
    public async Task PeerWithXdpProgram_ForwardsWithoutGro()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort(acceptsRedirect: false));
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        Assert.Equal("Undeliverable", (await site.Http.PutEntryAsync(Site.ByAddress, Key, target.Name)).Status.State);
        Assert.Equal(0, Arriving(ingress, target));

        using var pass = XdpPassObject.Compile();
        target.Pair.PeerNamespace.Shell("ip", "link", "set", "dev", target.Pair.PeerName, "xdpdrv", "obj", pass.Path, "sec", "xdp");

        await Eventually.Async(async () => (await StatusAsync(site)).State == "Forwarding");
        Assert.Equal(1, Arriving(ingress, target));
    }

    [Fact]
    public async Task NotAttached_IsToldAndItsRemedyWorks()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort());
        await site.Http.PutEntryAsync(Site.ByInterface, ingress.Name, target.Name);
        var fault = Assert.Single((await site.Http.EntryAsync(Site.ByInterface, ingress.Name)).Status.Faults);
        Assert.Equal("IngressAttached", fault.Type);
        Assert.Equal($$"""PUT /v1/devmaps/{{Site.ByInterface}}/attachments/{{ingress.Name}} with {"mode": "native"}""", fault.Remedy);

        await site.Http.AttachAsync(Site.ByInterface, ingress.Name);

        Assert.Empty((await site.Http.EntryAsync(Site.ByInterface, ingress.Name)).Status.Faults);
        Assert.Equal(1, Arriving(ingress, target));
    }

    private static async Task<EntryStatus> StatusAsync(Site site) => (await site.Http.EntryAsync(Site.ByAddress, Key)).Status;

    private static int Arriving(Port from, Port to)
    {
        var run = FrameMark.NewRun();
        return from.Send([Frames.Udp(new FrameMark(run, 0), Key, FullPayload)], run, to)[0].Count;
    }

    private static void Break(VethPair target, string cause)
    {
        switch (cause)
        {
            case "target down":
                target.SetUp(false);
                break;
            case "peer down":
                target.SetPeerUp(false);
                break;
            case "small MTU":
                target.Namespace.Shell("ip", "link", "set", "dev", target.Name, "mtu", "1400");
                break;
            case "peer with small MTU":
                target.PeerNamespace.Shell("ip", "link", "set", "dev", target.PeerName, "mtu", "1400");
                break;
            default:
                target.DisablePeerReceive();
                break;
        }
    }

    private static void CarryOut(string remedy, VethPair target)
    {
        if (remedy.StartsWith(AtThePeer, StringComparison.Ordinal))
            target.PeerNamespace.Shell("sh", "-c", remedy[AtThePeer.Length..].Replace("PEER", target.PeerName, StringComparison.Ordinal));
        else
            target.Namespace.Shell("sh", "-c", remedy);
    }
}

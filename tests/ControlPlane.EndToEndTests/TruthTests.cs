using System.Diagnostics;
using ControlPlane.EndToEndTests.World;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// An entry is called Forwarding only if a frame sent to it would leave: each cause is brought about, frames as long as the MTU
/// allows show that they do not arrive, the remedy that the answer gives is carried out word for word, and they do.
/// </summary>
public sealed class TruthTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> CausesAndModes
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (name, cause) in Cause.All)
            {
                rows.Add(name, "native");
                if (cause.InGenericMode)
                    rows.Add(name, "generic");
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(CausesAndModes))]
    public async Task Cause_IsToldAndItsRemedyMendsIt(string name, string mode)
    {
        var cause = Cause.All[name];
        await using var scene = await Scene.StartAsync(mode);

        await cause.Bring(scene);
        var told = await scene.BecomesAsync(cause.State);
        var counted = mode == "native" ? cause.Counted : cause.CountedInGenericMode;
        await scene.AssertLostAsync(cause.Missed, counted);
        var status = await scene.StatusAsync();
        Assert.Equal(cause.State, status.State);
        var fault = Assert.Single(status.Faults, c => c.Type == cause.Type);
        Assert.Equal(cause.Reason, fault.Reason);

        if (cause.Mend is { } mend)
            await mend(scene);
        else
            await scene.Site.CarryOutAsync(fault.Remedy!, scene.Target.Pair);
        var mended = await scene.BecomesAsync("Forwarding");
        scene.AssertArrive();
        Assert.Empty((await scene.StatusAsync()).Faults);
        output.WriteLine(FormattableString.Invariant(
            $"truth | {name} | {mode} | {cause.State} | {cause.Type}/{cause.Reason} | {(cause.Missed ? "missed" : counted ?? "-")} | {told.TotalMilliseconds:F0} ms | {mended.TotalMilliseconds:F0} ms | {fault.Remedy}"));
    }

    [Theory]
    [InlineData("veth whose peer has neither XDP nor GRO")]
    [InlineData("bridge")]
    public async Task TargetWithoutNdoXmit_GenericMode_ForwardsAndSaysSo(string name)
    {
        await using var scene = await Scene.StartAsync("generic");

        await Cause.All[name].Bring(scene);

        await scene.BecomesAsync("Forwarding");
        scene.AssertArrive();
        Assert.Equal("GenericMode", (await scene.StatusAsync()).Conditions.Single(c => c.Type == "TargetAcceptsRedirect").Reason);
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task KeyMissing_IsCountedAndForwardsOnceItIsThere(string mode)
    {
        await using var scene = await Scene.StartAsync(mode);

        await scene.Site.Http.RemoveAsync(Scene.EntryPath);
        await scene.AssertLostAsync(missed: true);

        var clock = Stopwatch.StartNew();
        var entry = await scene.Site.Http.PutEntryAsync(Site.ByAddress, Scene.Key, scene.Target.Name);
        Assert.Equal("Forwarding", entry.Status.State);
        output.WriteLine(FormattableString.Invariant($"truth | key missing | {mode} | none | counted as missed | - | {clock.Elapsed.TotalMilliseconds:F0} ms | PUT {Scene.EntryPath}"));
        scene.AssertArrive();
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task EntriesOfOneDeviceDisagree_IsToldWhereItMattersAndItsRemedyMendsIt(string mode)
    {
        const string Other = "10.0.0.8";
        await using var scene = await Scene.StartAsync(mode);
        await scene.Site.Http.WriteAsync<EgressProgram>("/v1/programs/dropper", new { template = "drop" });
        await scene.Site.Http.PutEntryAsync(Site.ByAddress, Other, scene.Target.Name);
        await scene.Site.Home.StopAsync();
        GiveInStore(scene.Site, Other, "dropper"); // as no request could
        await scene.Site.Home.StartAsync();

        Assert.Equal(0, scene.Arriving(Other));
        var status = await scene.StatusAsync();
        if (mode == "generic")
        {
            Assert.Equal("Forwarding", status.State);
            scene.AssertArrive();
            return;
        }

        Assert.Equal("Undeliverable", status.State);
        var fault = Assert.Single(status.Faults);
        Assert.Equal(("EgressProgramAgrees", "EntriesDisagree"), (fault.Type, fault.Reason));
        await scene.Site.CarryOutAsync(fault.Remedy!, scene.Target.Pair);
        var mended = await scene.BecomesAsync("Forwarding");
        output.WriteLine(FormattableString.Invariant(
            $"truth | entries of one device disagree | {mode} | Undeliverable | {fault.Type}/{fault.Reason} | at start | {mended.TotalMilliseconds:F0} ms | {fault.Remedy}"));
        scene.AssertArrive();
        Assert.Equal(1, scene.Arriving(Other));
    }

    [Fact]
    public async Task PeerWithXdpProgram_ForwardsWithoutGro()
    {
        await using var scene = await Scene.StartAsync("native");
        var pair = scene.Target.Pair;
        pair.DisablePeerReceive();
        await scene.BecomesAsync("Undeliverable");
        await scene.AssertLostAsync(missed: false, "notAccepted");

        using var pass = XdpPassObject.Compile();
        pair.PeerNamespace.Shell("ip", "link", "set", "dev", pair.PeerName, "xdpdrv", "obj", pass.Path, "sec", "xdp");

        await scene.BecomesAsync("Forwarding");
        scene.AssertArrive();
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task NotAttached_IsToldAndItsRemedyWorks(string mode)
    {
        await using var scene = await Scene.StartAsync(mode);
        var (http, ingress) = (scene.Site.Http, scene.Ingress);
        await http.RemoveAsync($"/v1/devmaps/{Site.ByAddress}/attachments/{ingress.Name}");
        await http.PutEntryAsync(Site.ByInterface, ingress.Name, scene.Target.Name);
        var fault = Assert.Single((await http.EntryAsync(Site.ByInterface, ingress.Name)).Status.Faults);
        Assert.Equal(("IngressAttached", "NotAttached"), (fault.Type, fault.Reason));
        Assert.Equal(0, scene.Arriving());

        var clock = Stopwatch.StartNew();
        await scene.Site.CarryOutAsync(fault.Remedy!, scene.Target.Pair);

        var status = (await http.EntryAsync(Site.ByInterface, ingress.Name)).Status;
        output.WriteLine(FormattableString.Invariant(
            $"truth | not attached | {mode} | {status.State} (told only) | {fault.Type}/{fault.Reason} | 0 ms | {clock.Elapsed.TotalMilliseconds:F0} ms | {fault.Remedy}"));
        Assert.Equal("Forwarding", status.State);
        Assert.Empty(status.Faults);
        scene.AssertArrive();
    }

    private static void GiveInStore(Site site, string key, string program)
    {
        using var store = new SqliteConnection($"Data Source={Path.Combine(site.Home.StateDirectory, SqliteStore.FileName)};Pooling=False");
        store.Open();
        using var command = store.CreateCommand();
        command.CommandText = "UPDATE entries SET egress_program = $program WHERE devmap = $devmap AND key_number = $key";
        command.Parameters.AddWithValue("$program", program);
        command.Parameters.AddWithValue("$devmap", Site.ByAddress);
        command.Parameters.AddWithValue("$key", BitConverter.ToUInt32([.. System.Net.IPAddress.Parse(key).GetAddressBytes().Reverse()]));
        Assert.Equal(1, command.ExecuteNonQuery());
    }
}

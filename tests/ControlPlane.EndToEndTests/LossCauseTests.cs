using System.Diagnostics;
using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// An entry is Forwarding only if frames that are sent to it arrive. Each test makes one cause of loss, and shows that frames as long as
/// the MTU allows are lost. Then it runs the reported remedy word for word, and shows that they arrive.
/// </summary>
[Trait("Group", "truth")]
public sealed class LossCauseTests(SharedDaemon daemon, ITestOutputHelper output) : IClassFixture<SharedDaemon>
{
    public static TheoryData<string, string> CausesAndModes
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (name, cause) in LossCause.All)
            {
                rows.Add(name, "native");
                if (cause.InGenericMode)
                    rows.Add(name, "generic");
                if (cause.InTcxMode)
                    rows.Add(name, "tcx");
            }

            return rows;
        }
    }

    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.SetUp))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.SetMtu))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.AttachGeneric))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.GiveAll))]
    [Theory]
    [MemberData(nameof(CausesAndModes))]
    public async Task Cause_IsReportedAndItsRemedyRepairsIt(string name, string mode)
    {
        var cause = LossCause.All[name];
        await using var entryTestbed = await EntryTestbed.CreateAsync(await daemon.UseAsync(), mode);

        await cause.Make(entryTestbed);
        var told = await entryTestbed.BecomesAsync(cause.State);
        var counted = mode switch { "native" => cause.Counted, "generic" => cause.CountedInGenericMode, _ => null };
        await entryTestbed.AssertLostAsync(cause.Missed, counted);
        var status = await entryTestbed.StatusAsync();
        Assert.Equal(cause.State, status.State);
        var fault = Assert.Single(status.Faults, c => c.Type == cause.Type);
        Assert.Equal(cause.Reason, fault.Reason);

        if (cause.Repair is { } repair)
            await repair(entryTestbed);
        else
            await entryTestbed.Testbed.RunRemedyAsync(fault.Remedy!, entryTestbed.Target.Pair);
        var mended = await entryTestbed.BecomesAsync("Forwarding");
        entryTestbed.AssertArrives();
        Assert.Empty((await entryTestbed.StatusAsync()).Faults);
        output.WriteLine(FormattableString.Invariant(
            $"truth | {name} | {mode} | {cause.State} | {cause.Type}/{cause.Reason} | {(cause.Missed ? "missed" : counted ?? "-")} | {told.TotalMilliseconds:F0} ms | {mended.TotalMilliseconds:F0} ms | {fault.Remedy}"));
    }

    [Theory]
    [InlineData("veth whose peer has neither XDP nor GRO", "generic", "GenericMode")]
    [InlineData("bridge", "generic", "GenericMode")]
    [InlineData("veth whose peer has neither XDP nor GRO", "tcx", "TcxMode")]
    [InlineData("bridge", "tcx", "TcxMode")]
    [InlineData("MTU of the target", "tcx", "TcxMode")]
    public async Task CauseOfNativeMode_InAnotherMode_IsForwarding(string name, string mode, string reason)
    {
        await using var entryTestbed = await EntryTestbed.CreateAsync(await daemon.UseAsync(), mode);

        await LossCause.All[name].Make(entryTestbed);

        await entryTestbed.BecomesAsync("Forwarding");
        entryTestbed.AssertArrives();
        Assert.Equal(reason, (await entryTestbed.StatusAsync()).Conditions.Single(c => c.Type == "TargetAcceptsRedirect").Reason);
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task KeyMissing_IsCountedAndTheNextPutForwards(string mode)
    {
        await using var entryTestbed = await EntryTestbed.CreateAsync(await daemon.UseAsync(), mode);

        await entryTestbed.Testbed.Http.RemoveAsync(EntryTestbed.EntryPath);
        await entryTestbed.AssertLostAsync(missed: true);

        var clock = Stopwatch.StartNew();
        var entry = await entryTestbed.Testbed.Http.PutEntryAsync(Testbed.ByAddress, EntryTestbed.Key, entryTestbed.Target.Name);
        Assert.Equal("Forwarding", entry.Status.State);
        output.WriteLine(FormattableString.Invariant($"truth | key missing | {mode} | none | counted as missed | - | {clock.Elapsed.TotalMilliseconds:F0} ms | PUT {EntryTestbed.EntryPath}"));
        entryTestbed.AssertArrives();
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task EntriesOfOneDeviceDisagree_IsReportedInNativeModeAndItsRemedyRepairsIt(string mode)
    {
        const string Other = "10.0.0.8";
        await using var entryTestbed = await EntryTestbed.CreateAsync(await Testbed.StartAsync(), mode);
        await entryTestbed.Testbed.Http.WriteAsync<EgressProgram>("/v1/programs/dropper", new { template = "drop" });
        await entryTestbed.Testbed.Http.PutEntryAsync(Testbed.ByAddress, Other, entryTestbed.Target.Name);
        await entryTestbed.Testbed.Runner.StopAsync();
        SetProgramInStore(entryTestbed.Testbed, Other, "dropper"); // no request could do so
        await entryTestbed.Testbed.Runner.StartAsync();

        entryTestbed.AssertDoesNotArrive(Other);
        var status = await entryTestbed.StatusAsync();
        if (mode == "generic")
        {
            Assert.Equal("Forwarding", status.State);
            entryTestbed.AssertArrives();
            return;
        }

        Assert.Equal("Undeliverable", status.State);
        var fault = Assert.Single(status.Faults);
        Assert.Equal(("EgressProgramAgrees", "EntriesDisagree"), (fault.Type, fault.Reason));
        await entryTestbed.Testbed.RunRemedyAsync(fault.Remedy!, entryTestbed.Target.Pair);
        var mended = await entryTestbed.BecomesAsync("Forwarding");
        output.WriteLine(FormattableString.Invariant(
            $"truth | entries of one device disagree | {mode} | Undeliverable | {fault.Type}/{fault.Reason} | at start | {mended.TotalMilliseconds:F0} ms | {fault.Remedy}"));
        entryTestbed.AssertArrives();
        entryTestbed.AssertArrives(Other);
    }

    [Fact]
    public async Task PeerWithXdpProgram_ForwardsWithoutGro()
    {
        await using var entryTestbed = await EntryTestbed.CreateAsync(await daemon.UseAsync(), "native");
        var pair = entryTestbed.Target.Pair;
        pair.DisablePeerReceive();
        await entryTestbed.BecomesAsync("Undeliverable");
        await entryTestbed.AssertLostAsync(missed: false, "notAccepted");

        using var pass = new XdpPassObject();
        pair.PeerNamespace.Shell("ip", "link", "set", "dev", pair.PeerName, "xdpdrv", "obj", pass.Path, "sec", "xdp");

        await entryTestbed.BecomesAsync("Forwarding");
        entryTestbed.AssertArrives();
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task NotAttached_IsReportedAndItsRemedyRepairsIt(string mode)
    {
        await using var entryTestbed = await EntryTestbed.CreateAsync(await daemon.UseAsync(), mode);
        var (http, ingress) = (entryTestbed.Testbed.Http, entryTestbed.Ingress);
        await http.RemoveAsync($"/v1/devmaps/{Testbed.ByAddress}/attachments/{ingress.Name}");
        await http.PutEntryAsync(Testbed.ByInterface, ingress.Name, entryTestbed.Target.Name);
        var fault = Assert.Single((await http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.Faults);
        Assert.Equal(("IngressAttached", "NotAttached"), (fault.Type, fault.Reason));
        entryTestbed.AssertDoesNotArrive();

        var clock = Stopwatch.StartNew();
        await entryTestbed.Testbed.RunRemedyAsync(fault.Remedy!, entryTestbed.Target.Pair);

        var status = (await http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status;
        output.WriteLine(FormattableString.Invariant(
            $"truth | not attached | {mode} | {status.State} (told only) | {fault.Type}/{fault.Reason} | 0 ms | {clock.Elapsed.TotalMilliseconds:F0} ms | {fault.Remedy}"));
        Assert.Equal("Forwarding", status.State);
        Assert.Empty(status.Faults);
        entryTestbed.AssertArrives();
    }

    private static void SetProgramInStore(Testbed testbed, string key, string program)
    {
        using var store = new SqliteConnection($"Data Source={Path.Combine(testbed.Runner.StateDirectory, SqliteStore.FileName)};Pooling=False");
        store.Open();
        using var command = store.CreateCommand();
        command.CommandText = "UPDATE entries SET egress_program = $program WHERE devmap = $devmap AND key_number = $key";
        command.Parameters.AddWithValue("$program", program);
        command.Parameters.AddWithValue("$devmap", Testbed.ByAddress);
        command.Parameters.AddWithValue("$key", BitConverter.ToUInt32([.. System.Net.IPAddress.Parse(key).GetAddressBytes().Reverse()]));
        Assert.Equal(1, command.ExecuteNonQuery());
    }
}

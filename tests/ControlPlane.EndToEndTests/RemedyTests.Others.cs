using System.Net.Http.Json;
using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Remedy = ControlPlane.EndToEndTests.Support.Remedy;

namespace ControlPlane.EndToEndTests;

/// <summary>The remedies of conditions and errors that concern one request each.</summary>
public sealed partial class RemedyTests
{
    private const string AddressEntry = $"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.7";

    [Fact]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.AttachAnywhere))]
    public async Task AttachedNowhere_TheRequestNamesAnInterface()
    {
        await using var testbed = await daemon.UseAsync();
        var port = testbed.AddPort();
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", port.Name);

        var remedy = await RemedyOfEntryAsync(testbed, AddressEntry, "IngressAttached");
        Assert.Equal("auto", remedy.Request!.Body!["mode"]!.GetValue<string>());
        await testbed.FollowAsync(remedy);

        Assert.Empty((await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7")).Status.Faults);
        Assert.Equal("Attached", (await testbed.Http.ReadAsync<Attachment>($"/v1/devmaps/{Testbed.ByAddress}/attachments/{port.Name}")).Status.State);
    }

    [Fact]
    [Follows(typeof(AccessErrors), nameof(AccessErrors.TokenExists))]
    [Follows(typeof(AccessErrors), nameof(AccessErrors.TokenNotFound))]
    public async Task TokenOfThisName_TheRequestDeletesIt_AndThenListsTheOthers()
    {
        await using var testbed = await daemon.UseAsync();
        await testbed.Http.CreateTokenAsync(new { name = "twice", role = "viewer" });
        using var again = await testbed.Http.PostAsJsonAsync("/v1/tokens", new { name = "twice", role = "viewer" });
        await testbed.FollowAsync((await RestRequests.ProblemAsync(again)).How!);

        using var gone = await testbed.Http.GetAsync(new Uri("/v1/tokens/twice", UriKind.Relative));
        await testbed.FollowAsync((await RestRequests.ProblemAsync(gone)).How!);
    }

    [Fact]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.PutEntry))]
    public async Task NoEntry_TheRequestNamesATarget()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);

        var missed = await testbed.Http.ReadAsync<RemedyOfVerdict>($"/v1/devmaps/{Testbed.ByInterface}:explain?ingress={ingress.Name}");
        await testbed.FollowAsync(missed.Verdict.Remedy!);

        Assert.Equal(target.Name, (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Interface);
        ingress.AssertReaches(target);
    }

    [Fact]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.AttachNative))]
    public async Task EgressProgramBehindTcx_NativeModeRunsIt()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.WriteAsync<EgressProgram>("/v1/programs/meter", new { template = "count" });
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name, "tcx");
        var entry = await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name, "meter");
        Assert.Equal("Undeliverable", entry.Status.State);
        ingress.AssertDoesNotReach(target);

        await testbed.FollowAsync(await RemedyOfEntryAsync(testbed, $"{Entry}/{ingress.Name}", "EgressProgramApplies"));

        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
        ingress.AssertReaches(target);
    }

    [Theory]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.PutUnderVlanId))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.PutUnderInterface))]
    [InlineData(Testbed.ByVlan, "5000")]
    [InlineData(Testbed.ByInterface, "987654")]
    public async Task KeyOfNoFrame_IsDeleted(string devmap, string key)
    {
        await using var testbed = await daemon.UseAsync();
        var port = testbed.AddPort();
        var path = $"/v1/devmaps/{devmap}/entries/{key}";
        await testbed.Http.PutEntryAsync(devmap, key, port.Name);

        await testbed.FollowAsync(await RemedyOfEntryAsync(testbed, path, "KeyReachable"));

        Assert.Empty(await testbed.Http.ListAsync(devmap));
    }

    [Fact]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.UseEthernet))]
    [Follows(typeof(InterfaceErrors), nameof(InterfaceErrors.NoEthernet))]
    public async Task NoEthernetHeaders_ATapIsMade()
    {
        await using var testbed = await daemon.UseAsync();
        testbed.Batch("tuntap add dev bare mode tun");
        var refused = await testbed.Http.RefusedAsync(AddressEntry, new { @interface = "bare" });
        Assert.Equal("interface_unsuitable", refused.Code);

        await testbed.FollowAsync(refused.How!);

        await Eventually.Async(async () => (await testbed.Http.GetAsync(new Uri("/v1/interfaces/tap0", UriKind.Relative))).IsSuccessStatusCode);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", "tap0");
    }

    [Fact]
    [Follows(typeof(InterfaceErrors), nameof(InterfaceErrors.Loopback))]
    public async Task Loopback_AVethIsMade()
    {
        await using var testbed = await daemon.UseAsync();
        var refused = await testbed.Http.RefusedAsync($"{Attachments}/lo", new { mode = "native" });

        await testbed.FollowAsync(refused.How!);

        Assert.Equal("Attached", (await testbed.Http.AttachAsync(Testbed.ByInterface, "veth-a")).Status.State);
    }

    [Fact]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.SetPromiscuous))]
    public async Task FilteringIngress_IsMadePromiscuous()
    {
        await using var testbed = await daemon.UseAsync();
        testbed.Batch("link add bridge type bridge", "link set dev bridge up");
        await Eventually.Async(async () => (await testbed.Http.GetAsync(new Uri("/v1/interfaces/bridge", UriKind.Relative))).IsSuccessStatusCode);
        await testbed.Http.AttachAsync(Testbed.ByInterface, "bridge", "generic");
        var condition = await ReceivesAllAsync();
        Assert.Equal("False", condition.Status);

        await testbed.FollowAsync(condition.How!);

        await Eventually.Async(async () => (await ReceivesAllAsync()).Status == "True");

        async Task<Condition> ReceivesAllAsync() =>
            (await testbed.Http.ReadAsync<Attachment>($"{Attachments}/bridge")).Status.Conditions.Single(c => c.Type == "IngressReceivesAll");
    }

    [Fact]
    [Follows(typeof(EntryErrors), nameof(EntryErrors.KeyConflict))]
    [Follows(typeof(EntryErrors), nameof(EntryErrors.DeleteOther))]
    public async Task OtherEntryWithTheSameKernelKey_IsDeleted()
    {
        await using var testbed = await daemon.UseAsync();
        var target = testbed.AddPort();
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, "98765", target.Name);
        var ingress = testbed.AddPort(ifindex: 98765);
        var refused = await testbed.Http.RefusedAsync($"{Entry}/{ingress.Name}", new { @interface = target.Name });
        Assert.Equal("key_conflict", refused.Code);

        await testbed.FollowAsync(refused.How!);

        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
    }

    [Fact]
    [Follows(typeof(EntryErrors), nameof(EntryErrors.Unmanaged))]
    public async Task ElementThatNobodyDesires_IsRemovedByTheAudit()
    {
        await using var testbed = await daemon.UseAsync();
        var port = testbed.AddPort();
        ForeignWriter.Write(testbed.Space, $"{testbed.Runner.PinRoot}/devmaps/{Testbed.ByAddress}", 0x0a000007, port.Pair.Ifindex);
        using var refusal = await testbed.Http.DeleteAsync(new Uri(AddressEntry, UriKind.Relative));
        var refused = await RestRequests.ProblemAsync(refusal);
        Assert.Equal("entry_not_found", refused.Code);
        Assert.Single(testbed.KernelMap(Testbed.ByAddress));

        await testbed.FollowAsync(refused.How!);

        Assert.Empty(testbed.KernelMap(Testbed.ByAddress));
    }

    [Fact]
    [Follows(typeof(AttachmentErrors), nameof(AttachmentErrors.Refused), "EOPNOTSUPP")]
    public async Task DriverWithoutXdp_IsAttachedInGenericMode()
    {
        await using var testbed = await daemon.UseAsync();
        testbed.Batch("link add bridge type bridge", "link set dev bridge up");
        await Eventually.Async(async () => (await testbed.Http.GetAsync(new Uri("/v1/interfaces/bridge", UriKind.Relative))).IsSuccessStatusCode);
        var refused = await testbed.Http.RefusedAsync($"{Attachments}/bridge", new { mode = "native" });
        Assert.Equal("interface_unsuitable", refused.Code);

        await testbed.FollowAsync(refused.How!);

        Assert.Equal("Attached", (await testbed.Http.ReadAsync<Attachment>($"{Attachments}/bridge")).Status.State);
    }

    /// <summary>Remedies that show something change nothing: the call or the command answers.</summary>
    [Fact]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.AskOtherDevmap))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.ShowProgram))]
    [Follows(typeof(DevmapErrors), nameof(DevmapErrors.NotFound))]
    [Follows(typeof(InterfaceErrors), nameof(InterfaceErrors.NotFound))]
    [Follows(typeof(InterfaceErrors), nameof(InterfaceErrors.Missing))]
    [Follows(typeof(AttachmentErrors), nameof(AttachmentErrors.NotFound))]
    [Follows(typeof(ProgramErrors), nameof(ProgramErrors.NotFound))]
    [Follows(typeof(ProgramErrors), nameof(ProgramErrors.InUse))]
    [Follows(typeof(LeaseErrors), nameof(LeaseErrors.NotFound))]
    public async Task WhatShowsSomething_Answers()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, held) = (testbed.AddPort(), testbed.AddPort());
        using var foreign = new XdpPassObject();
        testbed.Space.Shell("ip", "link", "set", "dev", held.Name, "xdpdrv", "obj", foreign.Path, "sec", "xdp");
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await testbed.Http.WriteAsync<EgressProgram>("/v1/programs/meter", new { template = "count" });
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", ingress.Name, "meter");
        string[] explanations = [ingress.Name, held.Name];
        foreach (var name in explanations)
        {
            var explained = await testbed.Http.ReadAsync<RemedyOfVerdict>($"/v1/devmaps/{Testbed.ByAddress}:explain?ingress={name}&dst=10.0.0.7");
            Assert.True(explained.Verdict.Remedy is { Request.Method: "GET" } or { Commands.Count: 1 }, explained.ToString());
            await testbed.FollowAsync(explained.Verdict.Remedy!);
        }

        string[] absent = ["/v1/devmaps/nowhere", "/v1/interfaces/nowhere", $"{Attachments}/nowhere", "/v1/programs/nowhere", "/v1/leases/nowhere"];
        foreach (var path in absent)
        {
            using var answer = await testbed.Http.GetAsync(new Uri(path, UriKind.Relative));
            await testbed.FollowAsync((await RestRequests.ProblemAsync(answer)).How!);
        }

        await testbed.FollowAsync((await testbed.Http.RefusedAsync($"{Entry}/{held.Name}", new { @interface = "nowhere" })).How!);
        await testbed.FollowAsync((await testbed.Http.RefusedAsync("/v1/programs/meter", new { template = "drop" })).How!);
    }

    [Fact]
    [Follows(typeof(DevmapErrors), nameof(DevmapErrors.Full))]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.MakeRoom))]
    [Follows(typeof(DevmapErrors), nameof(DevmapErrors.Compacted))]
    [Follows(typeof(DevmapErrors), nameof(DevmapErrors.PinnedDiffers))]
    [Follows(typeof(DevmapErrors), nameof(DevmapErrors.ForeignPin))]
    public async Task PinsThatDoNotFit_AreRemoved()
    {
        string[] small = ["--ControlPlane:Devmaps:2:MaxEntries=1", "--ControlPlane:History:MaxBytes=65536"];
        await using var testbed = await Testbed.StartAsync();
        var port = testbed.AddPort();
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", port.Name);
        await testbed.Runner.StopAsync();

        // The devmap is configured with another size.
        await FollowRefusalAsync(small);
        await testbed.Runner.StartAsync(small);
        var full = await testbed.Http.RefusedAsync($"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.8", new { @interface = port.Name });
        Assert.Equal("devmap_full", full.Code);
        await testbed.FollowAsync(full.How!);
        // More changes than the history keeps.
        for (var i = 0; i < 200; i++)
            await testbed.Http.WriteAsync<Entry>($"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.7", new { @interface = port.Name, labels = new { note = $"{i}".PadLeft(256) } });
        await testbed.Runner.StopAsync();
        await testbed.Runner.StartAsync(small);
        using (var compacted = await testbed.Http.GetAsync(new Uri($"/v1/devmaps/{Testbed.ByAddress}/events?revision=1", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead))
            await testbed.FollowAsync((await RestRequests.ProblemAsync(compacted)).How!);
        await testbed.Runner.StopAsync();

        // A pin is somebody else's.
        var pin = $"{testbed.Runner.PinRoot}/devmaps/{Testbed.ByAddress}/active";
        File.Delete(pin);
        Shell.Run("bpftool", "map", "create", pin, "type", "array", "key", "4", "value", "4", "entries", "1", "name", "foreign");
        await FollowRefusalAsync(small);
        await testbed.Runner.StartAsync(small);
        Assert.Single(testbed.KernelMap(Testbed.ByAddress));

        async Task FollowRefusalAsync(string[] arguments)
        {
            await using var refused = testbed.Runner.Launch(arguments);
            Assert.NotEqual(0, await refused.WaitExitAsync());
            var command = refused.StandardError.Split('\n').Select(l => l.Trim()).Single(l => l.StartsWith("rm -r ", StringComparison.Ordinal));
            Shell.Run("sh", "-c", command);
        }
    }

    private static async Task<Remedy> RemedyOfEntryAsync(Testbed testbed, string path, string type) =>
        (await testbed.Http.ReadAsync<Entry>(path)).Status.Faults.Single(c => c.Type == type).How!;
}

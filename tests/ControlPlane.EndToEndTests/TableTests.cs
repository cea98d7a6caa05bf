using System.Globalization;
using ControlPlane.Client;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlPlane.EndToEndTests;

/// <summary>Tables on the real kernel: a plan says the truth, and frames follow the table.</summary>
[Trait("Group", "truth")]
public sealed class TableTests
{
    private const string Key = "10.0.0.7";

    [Fact]
    public async Task Plan_SaysTheStatesThatTheTableThenHas_AndTheTrafficThatWouldChange()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, old, target, refusing) = (testbed.AddPort(), testbed.AddPort(), testbed.AddPort(), testbed.AddPort(acceptsRedirect: false));
        // Both ends are here: the daemon makes it accept frames with a pass program, once an entry needs that.
        var helped = VethPair.Create(testbed.Space);
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        await testbed.Client.ReplaceEntriesAsync(Table((Key, old.Name), ("10.0.0.9", old.Name)));
        ingress.AssertReaches(old, Key);
        var request = Table((Key, target.Name), ("10.0.0.10", refusing.Name), ("10.0.0.11", helped.Name));
        request.DryRun = true;

        var plan = await testbed.Client.ReplaceEntriesAsync(request);

        Assert.Equal(
            ["10.0.0.9 Delete", $"{Key} Change Forwarding", "10.0.0.10 Create Undeliverable PeerWithoutXdp", "10.0.0.11 Create Forwarding"],
            plan.Plan.Select(c => $"{c.Key} {c.Action}{(c.HasState ? $" {c.State}" : "")}{(c.Condition is null ? "" : $" {c.Condition.Reason}")}"));
        Assert.Equal([0ul, 0ul, 0ul], plan.Plan.Where(c => c.Key != Key).Select(c => c.Packets));
        Assert.True(plan.Plan.Single(c => c.Key == Key).Packets > 0);
        ingress.AssertReaches(old, Key);

        request.DryRun = false;
        var answer = await testbed.Client.ReplaceEntriesAsync(request);

        Assert.Equal((2, 1, 1), (answer.Created, answer.Changed, answer.Deleted));
        Assert.Equal(("10.0.0.10", "PeerWithoutXdp"), Assert.Single(answer.NotForwarding) is var problem ? (problem.Key, problem.Condition.Reason) : default);
        foreach (var change in plan.Plan.Where(c => c.HasState))
            Assert.Equal(change.State, (await testbed.Client.Devmaps.GetEntryAsync(new GetEntryRequest { Devmap = Testbed.ByAddress, Key = change.Key })).Entry.Status.State);
        ingress.AssertReaches(target, Key);
        Assert.Equal(3, testbed.KernelElements(Testbed.ByAddress).Count);
    }

    [Fact]
    public async Task Rehearsal_WeighsThePlanByRealTraffic_AndFramesGoTheirUsualWay()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, old, target) = (testbed.AddPort(), testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        await testbed.Client.ReplaceEntriesAsync(Table((Key, old.Name), ("10.0.0.8", old.Name), ("10.0.0.9", old.Name)));
        var request = Table((Key, old.Name), ("10.0.0.8", target.Name), ("10.0.0.10", target.Name));
        request.Rehearse = Duration.FromTimeSpan(TimeSpan.FromSeconds(3));

        var call = testbed.Client.ReplaceEntriesAsync(request);
        while (!call.IsCompleted)
        {
            ingress.AssertReaches(old, Key);
            ingress.AssertReaches(old, "10.0.0.8");
            ingress.AssertReaches(old, "10.0.0.9");
        }

        var plan = await call;
        Assert.Equal(
            [("10.0.0.10", PlannedAction.Create), ("10.0.0.8", PlannedAction.Change), ("10.0.0.9", PlannedAction.Delete)],
            plan.Plan.Select(c => (c.Key, c.Action)).OrderBy(c => c.Key, StringComparer.Ordinal));
        var rehearsed = plan.Plan.ToDictionary(c => c.Key, c => c.Rehearsed.Packets);
        Assert.Equal((0ul, plan.Rehearsal.OtherTarget.Packets, plan.Rehearsal.WouldMiss.Packets), (rehearsed["10.0.0.10"], rehearsed["10.0.0.8"], rehearsed["10.0.0.9"]));
        Assert.True(plan.Rehearsal.Same.Packets > 0 && rehearsed["10.0.0.8"] > 0 && rehearsed["10.0.0.9"] > 0, $"{plan.Rehearsal}");
        Assert.InRange(plan.Rehearsal.DurationMs, 3000, 60_000);
        ingress.AssertReaches(old, "10.0.0.8");
    }

    [Fact]
    public async Task Rehearsal_EndsWhenItsClientIsGone()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        using (var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(500)))
        {
            var request = Table((Key, target.Name));
            request.Rehearse = Duration.FromTimeSpan(TimeSpan.FromSeconds(300));
            await Assert.ThrowsAnyAsync<Exception>(() => testbed.Client.ReplaceEntriesAsync(request, gone.Token));
        }

        var next = Table((Key, target.Name));
        next.Rehearse = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));
        await Eventually.Async(async () =>
        {
            try
            {
                return (await testbed.Client.ReplaceEntriesAsync(next)).Rehearsal is not null;
            }
            catch (DevmapdException e) when (e.Code == "writer_busy")
            {
                return false;
            }
        });
        Assert.Empty(testbed.KernelElements(Testbed.ByAddress));
    }

    [Fact]
    public async Task LargeTable_IsWrittenAndReplacedWhole()
    {
        await using var testbed = await Testbed.StartAsync(arguments: "--ControlPlane:Devmaps:2:MaxEntries=70000");
        var (ingress, first, second) = (testbed.AddPort(), testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);

        foreach (var target in new[] { first, second })
        {
            var body = string.Join(',', Enumerable.Range(0, 66_500).Select(i => $$"""{"key":"{{Text(i)}}","spec":{"interface":"{{target.Name}}","labels":{"pod":"web-{{i}}"} } }"""));
            using var content = new StringContent($$"""{"entries":[{{body}}]}""", System.Text.Encoding.UTF8, "application/json");
            using var response = await testbed.Http.PutAsync(new Uri($"/v1/devmaps/{Testbed.ByAddress}/entries", UriKind.Relative), content);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            ingress.AssertReaches(target, Text(66_000));
        }

        Assert.Equal(66_500, testbed.KernelElements(Testbed.ByAddress).Count);
    }

    private static string Text(int i) => string.Create(CultureInfo.InvariantCulture, $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}");

    private static ReplaceEntriesRequest Table(params (string Key, string Target)[] entries)
    {
        var request = new ReplaceEntriesRequest { Devmap = Testbed.ByAddress };
        request.Entries.AddRange(entries.Select(e => new Devmapd.V1.DesiredEntry { Key = e.Key, Spec = new() { Interface = e.Target } }));
        return request;
    }
}

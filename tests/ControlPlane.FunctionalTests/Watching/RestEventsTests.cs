using System.Net;
using ControlPlane.FunctionalTests.Rest;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.FunctionalTests.Watching;

/// <summary>Watching by Server-Sent Events.</summary>
public sealed class RestEventsTests : RestTest
{
    private const string Path = "/v1/devmaps/default/events";

    [Fact]
    public async Task Stream_HasSnapshotSyncedAndChanges()
    {
        await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b"}""");
        await Client.PutAsync("/v1/devmaps/default/attachments/veth-a", """{"mode":"native"}""");
        using var events = await SseReader.OpenAsync(Client, Path);

        var attachment = await events.NextAsync();
        Assert.Equal((null, "attachment"), (attachment!.Id, attachment.Type));
        Assert.Equal("veth-a", attachment.Data["attachment"]!["interface"]!.GetValue<string>());
        var entry = await events.NextAsync();
        Assert.Equal((null, "entry"), (entry!.Id, entry.Type));
        Assert.Equal("Forwarding", entry.Data["entry"]!["status"]!["state"]!.GetValue<string>());
        var synced = await events.NextAsync();
        Assert.Equal(("3", "synced", """{"type":"synced","revision":3}"""), (synced!.Id, synced.Type, synced.Data.ToJsonString()));

        await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b","labels":{"text":"one, two"}}""");
        var changed = await ChangeAsync(events);
        Assert.Equal(("4", "entry"), (changed.Id, changed.Type));
        Assert.Equal("one, two", changed.Data["entry"]!["spec"]!["labels"]!["text"]!.GetValue<string>());
        await Client.AskAsync("DELETE", RestClient.Entry);
        await Client.AskAsync("DELETE", "/v1/devmaps/default/attachments/veth-a");
        var deleted = await ChangeAsync(events);
        Assert.Equal(("5", "entryDeleted", """{"type":"entryDeleted","revision":5,"key":"veth-a"}"""), (deleted.Id, deleted.Type, deleted.Data.ToJsonString()));
        var detached = await ChangeAsync(events);
        Assert.Equal(("attachmentDeleted", """{"type":"attachmentDeleted","revision":6,"interface":"veth-a"}"""), (detached.Type, detached.Data.ToJsonString()));
    }

    [Fact]
    public async Task InterfaceGoes_IsOneStatusEvent()
    {
        await Client.PutAsync("/v1/devmaps/vlans/entries/1", """{"interface":"veth-b"}""");
        await Client.PutAsync("/v1/devmaps/vlans/entries/2", """{"interface":"veth-b"}""");
        using var events = await SseReader.OpenAsync(Client, "/v1/devmaps/vlans/events?revision=3");
        Assert.Equal("synced", (await events.NextAsync())!.Type);
        Daemon.Testbed.Host.RemoveInterface("veth-b");
        var status = await events.NextAsync();
        Assert.Equal(("3", "statusChanged"), (status!.Id, status.Type));
        Assert.Equal("""{"type":"statusChanged","revision":3,"interface":"veth-b","entries":2,"hasAttachment":false}""", status.Data.ToJsonString());
    }

    [Fact]
    public async Task Filters_SelectAPart_AndTheResourceThatLeavesItIsDeleted()
    {
        await Client.PutAsync("/v1/devmaps/vlans/entries/1", """{"interface":"veth-b","owner":"cni","labels":{"pod":"a"}}""");
        await Client.PutAsync("/v1/devmaps/vlans/entries/2", """{"interface":"veth-b","owner":"bgp","labels":{"pod":"a"}}""");
        using var events = await SseReader.OpenAsync(Client, "/v1/devmaps/vlans/events?owner=cni&label=pod=a&interface=veth-b&statusEvents=none");
        Assert.Equal("1", (await events.NextAsync())!.Data["entry"]!["key"]!.GetValue<string>());
        Assert.Equal("synced", (await events.NextAsync())!.Type);
        await Client.PutAsync("/v1/devmaps/vlans/entries/1", """{"interface":"veth-b","owner":"cni","labels":{"pod":"b"}}""");
        Assert.Equal("""{"type":"entryDeleted","revision":4,"key":"1"}""", (await events.NextAsync())!.Data.ToJsonString());
    }

    [Fact]
    public async Task State_SelectsEntries_AndTheStreamHasNoIds()
    {
        await Client.PutAsync("/v1/devmaps/vlans/entries/1?allowPending=true", """{"interface":"later"}""");
        await Client.PutAsync("/v1/devmaps/vlans/entries/2", """{"interface":"veth-b"}""");
        using var events = await SseReader.OpenAsync(Client, "/v1/events?devmap=vlans&state=Pending");
        var entry = await events.NextAsync();
        Assert.Equal((null, "entry", "vlans"), (entry!.Id, entry.Type, entry.Data["devmap"]!.GetValue<string>()));
        Assert.Equal((null, "synced"), await events.NextAsync() is { } synced ? (synced.Id, synced.Type) : default);
        Daemon.Testbed.Host.AddInterface("later");
        Assert.Equal((null, "entryDeleted"), await events.NextAsync() is { } left ? (left.Id, left.Type) : default);
    }

    [Theory]
    [InlineData("?revision=2", null)]
    [InlineData("", "2")]
    [InlineData("?revision=1", "2")]
    public async Task Resume_GoesOnAfterTheRevision_LastEventIdFirst(string query, string? lastEventId)
    {
        for (var i = 1; i <= 3; i++)
            await Client.PutAsync($"/v1/devmaps/vlans/entries/{i}", """{"interface":"veth-b"}""");
        using var events = await SseReader.OpenAsync(Client, "/v1/devmaps/vlans/events" + query, lastEventId);
        Assert.Equal("3", (await ChangeAsync(events)).Id);
        Assert.Equal("4", (await ChangeAsync(events)).Id);
        Assert.Equal("synced", (await ChangeAsync(events)).Type);
    }

    [Theory]
    [InlineData("/v1/devmaps/default/events?revision=99", null, HttpStatusCode.BadRequest, "invalid_argument", "revision")]
    [InlineData("/v1/devmaps/default/events?revision=-1", null, HttpStatusCode.BadRequest, "invalid_argument", "revision")]
    [InlineData("/v1/devmaps/default/events?revision=x", null, HttpStatusCode.BadRequest, "invalid_argument", "revision")]
    [InlineData("/v1/devmaps/default/events?state=Pending&revision=1", null, HttpStatusCode.BadRequest, "invalid_argument", "revision")]
    [InlineData("/v1/devmaps/default/events?state=Unmanaged", null, HttpStatusCode.BadRequest, "invalid_argument", "state")]
    [InlineData("/v1/devmaps/default/events?statusEvents=some", null, HttpStatusCode.BadRequest, "invalid_argument", "statusEvents")]
    [InlineData("/v1/events?label=pod", null, HttpStatusCode.BadRequest, "invalid_argument", "label")]
    [InlineData("/v1/devmaps/default/events?since=1", null, HttpStatusCode.BadRequest, "invalid_argument", "since")]
    [InlineData("/v1/devmaps/default/events", "x", HttpStatusCode.BadRequest, "invalid_argument", "Last-Event-ID")]
    [InlineData("/v1/devmaps/none/events", null, HttpStatusCode.NotFound, "devmap_not_found", null)]
    public async Task Wrong_IsAProblemBeforeAnyStream(string path, string? lastEventId, HttpStatusCode status, string code, string? field)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var answer = await Client.AskAsync(request);
        Assert.Equal((status, "application/problem+json", code), (answer.Status, answer.MediaType, answer.Code));
        Assert.Equal(field is null ? [] : [field], answer.Fields);
    }

    [Fact]
    public async Task Head_IsNotAllowed_ForItWouldNotEnd() =>
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Client.AskAsync("HEAD", Path)).Status);

    [Fact]
    public async Task Watchers_AreCounted_UntilTheyGo()
    {
        using (var events = await SseReader.OpenAsync(Client, Path))
        {
            await events.NextAsync();
            Assert.Contains("\ndevmapd_watchers 1\n", await MetricsAsync(), StringComparison.Ordinal);
        }

        await Eventually.Async(async () => (await MetricsAsync()).Contains("\ndevmapd_watchers 0\n", StringComparison.Ordinal));
    }

    private Task<string> MetricsAsync() => Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Deadline());

    // To attach and detach changes the interface too; that event may come in between.
    private static async Task<Sse> ChangeAsync(SseReader events)
    {
        while (true)
        {
            var next = await events.NextAsync();
            Assert.NotNull(next);
            if (next.Type != "statusChanged")
                return next;
        }
    }
}

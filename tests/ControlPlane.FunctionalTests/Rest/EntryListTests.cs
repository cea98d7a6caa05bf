using System.Net;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Rest;

public sealed class EntryListTests : RestTest
{
    [Fact]
    public async Task List_PageByPage_HasEveryEntryOnce()
    {
        var service = Daemon.Services.GetRequiredService<EntryService>();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i =>
            service.PutAsync("routes", $"10.0.0.{i}", new EntrySpec("veth-b"), new Violations(), default, TestContext.Deadline())));
        var revision = (await Client.AskAsync("GET", "/v1/host")).Body["revision"]!.GetValue<long>();
        var keys = new List<string>();
        string? token = null;
        for (var pages = 0; pages < 60; pages++)
        {
            var answer = await Client.AskAsync("GET", "/v1/devmaps/routes/entries?pageSize=7" + (token is null ? "" : "&pageToken=" + Uri.EscapeDataString(token)));
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal(revision, answer.Body["revision"]!.GetValue<long>());
            keys.AddRange(answer.Body["entries"]!.AsArray().Select(e => e!["key"]!.GetValue<string>()));
            token = answer.Body["nextPageToken"]?.GetValue<string>();
            if (token is null)
                break;
        }

        Assert.Equal(60, keys.Count);
        Assert.Equal(60, keys.Distinct().Count());
    }

    [Fact]
    public async Task Entry_IsWrittenAsTheContractSays()
    {
        var put = await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b","labels":{"owner":"cni"}}""");
        Assert.Equal(
            ["devmap", "key", "revision", "createTime", "updateTime", "spec", "status"],
            put.Body.Select(p => p.Key));
        Assert.EndsWith("Z", put.Body["createTime"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(["interface", "egressProgram", "actions", "labels", "owner", "lease", "onInterfaceGone", "deleteAfter"], put.Body["spec"]!.AsObject().Select(p => p.Key));
        Assert.Equal(
            ["state", "kernelKey", "ifindex", "resolvedInterface", "resolvedActions", "egressProgramId", "packets", "bytes", "expired", "drops", "conditions"],
            put.Body["status"]!.AsObject().Select(p => p.Key));
        Assert.Equal(
            ["type", "status", "reason", "message", "lastTransitionTime", "remedy"],
            put.Body["status"]!["conditions"]![0]!.AsObject().Select(p => p.Key));

        var again = await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b","labels":{"owner":"cni"}}""");
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(put.Body["revision"]!.GetValue<long>(), again.Body["revision"]!.GetValue<long>());
        Assert.True(JsonNode.DeepEquals(again.Body, (await Client.AskAsync("GET", RestClient.Entry)).Body));
    }
}

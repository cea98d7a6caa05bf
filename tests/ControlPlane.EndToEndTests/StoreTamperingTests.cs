using System.Net;
using System.Net.Http.Json;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Somebody removes or changes the files of the store while the daemon runs: nothing is answered that a start would not find.</summary>
[Trait("Group", "losses")]
public sealed class StoreTamperingTests
{
    private const string Other = "nosuch0";

    [Theory]
    [InlineData("devmapd.db")]
    [InlineData("devmapd.db-wal")]
    public async Task FileIsRemoved_ChangesAreRefused_ReadsAndFramesGoOn(string name)
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        File.Delete(Path.Combine(testbed.Runner.StateDirectory, name));

        var refused = await testbed.Http.RefusedAsync($"/v1/devmaps/{Testbed.ByVlan}/entries/1?allowPending=true", new { @interface = Other });
        Assert.Equal("store_unavailable", refused.Code);
        Assert.Contains($"{name} was removed", refused.Detail, StringComparison.Ordinal);
        Assert.Contains("devmapd restore FILE", refused.Remedy!, StringComparison.Ordinal);
        using (var ready = await testbed.Http.GetAsync(new Uri("/readyz", UriKind.Relative)))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains($"{name} was removed", await StoreAsync(testbed, HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
        Assert.Empty(await testbed.Http.ListAsync(Testbed.ByVlan));
        await testbed.AssertForwardsAsync(ingress, target);
    }

    [Fact]
    public async Task FolderIsMovedAndBack_ChangesAreTakenAgain()
    {
        await using var testbed = await Testbed.StartAsync();
        var folder = testbed.Runner.StateDirectory;
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "1", Other, allowPending: true);
        Directory.Move(folder, folder + ".away");
        Directory.CreateDirectory(folder);
        Assert.Contains("was removed", await StoreAsync(testbed, HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);

        Directory.Delete(folder);
        Directory.Move(folder + ".away", folder);
        Assert.Equal("ok", await StoreAsync(testbed, HttpStatusCode.OK));
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "2", Other, allowPending: true);
        Assert.Equal([1u, 2u], SqliteStore.Inspect(folder).State.Entries.Select(e => e.Key.Number));
    }

    /// <summary>Waits until the daemon has noticed, without a write; returns what it says of its store.</summary>
    private static async Task<string> StoreAsync(Testbed testbed, HttpStatusCode status)
    {
        var parts = new Dictionary<string, string>();
        await Eventually.Async(
            async () =>
            {
                using var answer = await testbed.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
                parts = (await answer.Content.ReadFromJsonAsync<Ready>())!.Parts;
                return answer.StatusCode == status;
            },
            what: $"/readyz is {status}");
        return parts["store"];
    }
}

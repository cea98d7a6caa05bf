using System.Net;
using System.Net.Http.Json;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.Storage;
using Microsoft.Data.Sqlite;

namespace ControlPlane.EndToEndTests;

/// <summary>The disk is full, or the store is locked or read-only: writes are refused as a whole, everything else works.</summary>
[Trait("Group", "losses")]
public sealed class StoreFailureTests
{
    [Fact]
    public async Task DiskFull_RefusesWritesAndRecoversWhenThereIsRoom()
    {
        await using var testbed = await Testbed.StartAsync();
        await testbed.Runner.StopAsync();
        // A small disk in the daemon's own mount namespace, which goes with the daemon.
        testbed.Runner.Wrapper = Mounted(testbed, "mount -t tmpfs -o size=8m tmpfs \"$0\"");
        await testbed.Runner.StartAsync();
        var state = $"/proc/{testbed.Runner.Daemon.Id}/root{testbed.Runner.StateDirectory}";
        var (ingress, target) = await testbed.SteerAsync();
        var filler = Path.Combine(state, "filler");
        Fill(filler);
        await UseLastPageAsync(testbed);

        await AssertRefusesAllAsync(testbed, ingress, target);

        File.Delete(filler);
        await AssertWritesAsync(testbed, target);
        AssertStored(state, await ResourceVersions.OfApiAsync(testbed.Client));
    }

    [Fact]
    public async Task Locked_RefusesWritesAndRecoversWhenItIsLetGo()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        using (var other = new SqliteConnection($"Data Source={Path.Combine(testbed.Runner.StateDirectory, SqliteStore.FileName)};Pooling=False"))
        {
            other.Open();
            using var held = other.BeginTransaction(deferred: false);

            await AssertRefusesAllAsync(testbed, ingress, target);
        }

        await AssertWritesAsync(testbed, target);
    }

    [Fact]
    public async Task ReadOnly_AtStart_IsRefusedAndFramesGoOn()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        await testbed.Runner.StopAsync();
        testbed.Runner.Wrapper = Mounted(testbed, "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"");

        await using (var daemon = testbed.Runner.Launch())
        {
            Assert.Equal(74, await daemon.WaitExitAsync());
            Assert.Contains($"The store at {Path.Combine(testbed.Runner.StateDirectory, SqliteStore.FileName)}", daemon.StandardError, StringComparison.Ordinal);
        }

        testbed.Runner.Wrapper = [];
        await testbed.Runner.StartAsync();
        await testbed.AssertForwardsAsync(ingress, target);
    }

    // From a copy: SQLite would resolve the path in this mount namespace, not in the daemon's.
    private static void AssertStored(string state, ApiListing view)
    {
        var copy = Directory.CreateTempSubdirectory();
        foreach (var suffix in new[] { "", "-wal" })
            File.Copy(Path.Combine(state, SqliteStore.FileName + suffix), Path.Combine(copy.FullName, SqliteStore.FileName + suffix));
        Assert.Equal(view.ByName().OrderBy(f => f.Key, StringComparer.Ordinal), ResourceVersions.OfStore(copy.FullName).All.OrderBy(f => f.Key, StringComparer.Ordinal));
        copy.Delete(recursive: true);
    }

    private static string[] Mounted(Testbed testbed, string mount) => ["unshare", "--mount", "--", "sh", "-c", $"{mount} && exec \"$@\"", testbed.Runner.StateDirectory];

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        for (var pages = 0; pages < 4096; pages++)
        {
            try
            {
                file.Write(page);
            }
            catch (IOException)
            {
                return; // No space left on device.
            }
        }

        Assert.Fail("the disk has more room than it was given");
    }

    // The last page of the log may have room for small commits: the smallest are made until none fits.
    private static async Task UseLastPageAsync(Testbed testbed)
    {
        for (var key = 3000; ; key++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/devmaps/{Testbed.ByVlan}/entries/{key}?allowPending=true") { Content = JsonContent.Create(new { @interface = "n" }) };
            request.Headers.Add("X-Request-Id", "a");
            using var answer = await testbed.Http.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                return;
            Assert.True(key < 3016, "a page has no room for so many commits");
        }
    }

    /// <summary>Writes of each kind are refused and change nothing; reads and frames work.</summary>
    private static async Task AssertRefusesAllAsync(Testbed testbed, Port ingress, Port target)
    {
        var before = (await ResourceVersions.OfApiAsync(testbed.Client)).ByName();
        var kernel = testbed.KernelElements(Testbed.ByInterface);
        var writes = new (HttpMethod Method, string Path, object? Body)[]
        {
            (HttpMethod.Put, $"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.7", new { @interface = target.Name, egressProgram = Steering.Meter }),
            (HttpMethod.Put, $"/v1/devmaps/{Testbed.ByInterface}/entries/{ingress.Name}?allowPending=true", new { @interface = "nosuch0" }),
            (HttpMethod.Delete, $"/v1/devmaps/{Testbed.ByInterface}/entries/{ingress.Name}", null),
            (HttpMethod.Delete, $"/v1/devmaps/{Testbed.ByInterface}/attachments/{ingress.Name}", null),
            (HttpMethod.Put, "/v1/programs/other", new { template = "drop" }),
        };
        foreach (var (method, path, body) in writes)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var answer = await testbed.Http.SendAsync(request);
            Assert.Equal((path, HttpStatusCode.ServiceUnavailable), (path, answer.StatusCode));
            Assert.Equal("store_unavailable", (await answer.Content.ReadFromJsonAsync<Problem>())!.Code);
            Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        }

        Assert.Equal(before, (await ResourceVersions.OfApiAsync(testbed.Client)).ByName());
        Assert.Equal(kernel, testbed.KernelElements(Testbed.ByInterface));
        Assert.Empty(testbed.KernelElements(Testbed.ByAddress));
        Assert.Equal([Steering.Meter], Directory.GetDirectories($"{testbed.Runner.PinRoot}/programs").Select(Path.GetFileName));
        await testbed.AssertForwardsAsync(ingress, target);
    }

    private static async Task AssertWritesAsync(Testbed testbed, Port target)
    {
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", target.Name, Steering.Meter);
        Assert.Single(testbed.KernelElements(Testbed.ByAddress));
    }
}

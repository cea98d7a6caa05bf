using System.Globalization;
using System.Net.Http.Json;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>
/// The daemon is killed (SIGKILL) at random moments around the creation, the change and the deletion of devmaps. The next start has every devmap that is
/// stored in the kernel, and no other; a write that was answered has happened.
/// </summary>
/// <remarks>The environment variable <c>DEVMAPD_KILLS</c> sets the number of kills; the default is 4.</remarks>
[Trait("Group", "soak")]
public sealed class DevmapCrashTests(ITestOutputHelper output)
{
    private static int Kills =>
        int.Parse(Environment.GetEnvironmentVariable("DEVMAPD_KILLS") is { Length: > 0 } text ? text : "4", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Kill_AroundDevmaps_LeavesNoneThatIsNotDesired_AndLacksNone()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort().Name, testbed.AddPort().Name);
        for (var kill = 0; kill < Kills; kill++)
        {
            var writer = new Writer(testbed.Http, ingress, target, kill);
            var writing = writer.RunAsync();
            await Eventually.Async(() => writer.Round > 1 || writing.IsCompleted);
            await Task.Delay(random.Next(400)); // so that the kill comes at a random moment
            await testbed.Runner.KillAsync();
            await writing;
            await testbed.Runner.StartAsync();
            output.WriteLine($"killed in round {writer.Round}, in which devmaps/{writer.Name} {writer.Phase}");

            var listed = (await testbed.Http.ReadAsync<DevmapNames>("/v1/devmaps")).Devmaps.Select(d => d.Name).Order(StringComparer.Ordinal).ToList();
            var pinned = Directory.GetDirectories($"{testbed.Runner.PinRoot}/devmaps").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal).ToList();
            Assert.Equal(listed, pinned);
            if (writer.MustExist is { } must)
                Assert.Equal(must, listed.Contains(writer.Name));
            foreach (var name in listed.Where(n => n.StartsWith("crash", StringComparison.Ordinal)))
            {
                Assert.Equal((await testbed.Http.DevmapAsync(name)).Status.Entries, testbed.KernelElements(name).Count);
                await testbed.Http.RemoveAsync($"/v1/devmaps/{name}?force=true");
            }
        }
    }

    private sealed record DevmapNames(IReadOnlyList<Devmap> Devmaps);

    /// <summary>Makes, changes and deletes one devmap after the other until the daemon no longer answers.</summary>
    private sealed class Writer(HttpClient http, string ingress, string target, int kill)
    {
        private int _round;

        public int Round => Volatile.Read(ref _round);

        public string Name { get; private set; } = "";

        public string Phase { get; private set; } = "";

        /// <summary>Whether the devmap must exist; null while a call is under way that changes that.</summary>
        public bool? MustExist { get; private set; }

        public async Task RunAsync()
        {
            try
            {
                while (true)
                {
                    MustExist = null;
                    (Name, Phase) = ($"crash{kill}_{Interlocked.Increment(ref _round) % 3}", "is made");
                    await PutAsync("", new { maxEntries = 64, keySelector = "vlan", counters = false });
                    (MustExist, Phase) = (true, "is used");
                    await PutAsync("/entries/7", new { @interface = target });
                    await PutAsync($"/attachments/{ingress}", new { mode = "native" });
                    Phase = "is changed";
                    await PutAsync("", new { maxEntries = 64, keySelector = "vlan", counters = true, missAction = "drop" });
                    (MustExist, Phase) = (null, "is deleted");
                    using var answer = await http.DeleteAsync(new Uri($"/v1/devmaps/{Name}?force=true", UriKind.Relative));
                    answer.EnsureSuccessStatusCode();
                    MustExist = false;
                }
            }
            catch (HttpRequestException e) when (e.StatusCode is null)
            {
                // The daemon is dead.
            }
            catch (IOException)
            {
                // The daemon died while it answered.
            }
        }

        private async Task PutAsync(string path, object body)
        {
            using var answer = await http.PutAsJsonAsync($"/v1/devmaps/{Name}{path}", body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
    }
}

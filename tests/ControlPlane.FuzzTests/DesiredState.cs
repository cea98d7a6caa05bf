using System.Net.Http.Json;
using ControlPlane.TestCommon;

namespace ControlPlane.FuzzTests;

/// <summary>The desired state of a daemon with its revision, as an administrator on the unix socket reads it.</summary>
internal static class DesiredState
{
    private static readonly string[] Devmaps = ["default", "vlans", "addresses", "plain"];

    /// <summary>Creates one resource of each kind, which random requests then name.</summary>
    public static async Task<string> CreateAsync(DaemonProcess daemon)
    {
        using var http = daemon.ConnectUnix();
        await PutAsync("/v1/programs/p1", new { template = "count" });
        await PutAsync("/v1/devmaps/default/entries/sim0", new { @interface = "sim1", egressProgram = "p1" });
        await PutAsync("/v1/devmaps/vlans/entries/100", new { @interface = "sim2" });
        await PutAsync("/v1/devmaps/default/attachments/sim0", new { mode = "auto" });
        await daemon.CreateTokenAsync("a");
        return await ReadAsync(daemon);

        async Task PutAsync(string path, object spec)
        {
            using var answer = await http.PutAsJsonAsync(path, spec);
            if (!answer.IsSuccessStatusCode)
                throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
    }

    /// <summary>Reads it.</summary>
    public static async Task<string> ReadAsync(DaemonProcess daemon)
    {
        using var http = daemon.ConnectUnix();
        List<string> paths = ["/v1/programs", "/v1/tokens"];
        foreach (var devmap in Devmaps)
            paths.AddRange([$"/v1/devmaps/{devmap}/entries", $"/v1/devmaps/{devmap}/attachments"]);
        return string.Join('\n', await Task.WhenAll(paths.Select(path => http.GetStringAsync(new Uri(path, UriKind.Relative)))));
    }
}

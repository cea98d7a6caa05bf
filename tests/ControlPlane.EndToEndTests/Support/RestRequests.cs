using System.Net.Http.Json;
using System.Text.Json;
using ControlPlane.Core.Model;
using ControlPlane.TestCommon;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>REST requests.</summary>
internal static class RestRequests
{
    public static async Task<T> ReadAsync<T>(this HttpClient http, string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
        return await AsAsync<T>(answer, path);
    }

    public static Task<Entry> EntryAsync(this HttpClient http, string devmap, string key) =>
        http.ReadAsync<Entry>($"/v1/devmaps/{devmap}/entries/{key}");

    public static Task<Devmap> DevmapAsync(this HttpClient http, string devmap) => http.ReadAsync<Devmap>($"/v1/devmaps/{devmap}");

    public static async Task<T> WriteAsync<T>(this HttpClient http, string path, object body)
    {
        using var answer = await http.PutAsJsonAsync(path, body);
        return await AsAsync<T>(answer, path);
    }

    public static Task<Entry> PutEntryAsync(
        this HttpClient http, string devmap, string key, string target, string? egressProgram = null, bool allowPending = false) =>
        http.WriteAsync<Entry>($"/v1/devmaps/{devmap}/entries/{key}{(allowPending ? "?allowPending=true" : "")}", new { @interface = target, egressProgram });

    /// <summary>Attaches a devmap. The test is skipped if the kernel lacks the mode.</summary>
    public static Task<Attachment> AttachAsync(this HttpClient http, string devmap, string ingress, string mode = "native")
    {
        KernelNeeds.Mode(Enum.Parse<AttachMode>(mode, ignoreCase: true));
        return http.WriteAsync<Attachment>($"/v1/devmaps/{devmap}/attachments/{ingress}", new { mode });
    }

    public static async Task<EgressProgramSwap> SetEgressProgramAsync(this HttpClient http, string target, string? egressProgram)
    {
        var path = $"/v1/interfaces/{target}:setEgressProgram";
        using var answer = await http.PostAsJsonAsync(path, new { egressProgram });
        return await AsAsync<EgressProgramSwap>(answer, path);
    }

    public static async Task<AuditReport> AuditAsync(this HttpClient http, string devmap, bool repair = true)
    {
        var path = $"/v1/devmaps/{devmap}:audit?repair={(repair ? "true" : "false")}";
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), content: null);
        return await AsAsync<AuditReport>(answer, path);
    }

    public static async Task RemoveAsync(this HttpClient http, string path)
    {
        using var answer = await http.DeleteAsync(new Uri(path, UriKind.Relative));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Makes a write that must be refused, and returns the problem.</summary>
    public static async Task<Problem> RefusedAsync(this HttpClient http, string path, object body)
    {
        using var answer = await http.PutAsJsonAsync(path, body);
        return await ProblemAsync(answer);
    }

    /// <summary>Returns the problem of a refused request.</summary>
    public static async Task<Problem> ProblemAsync(HttpResponseMessage answer)
    {
        Assert.False(answer.IsSuccessStatusCode, $"{answer.RequestMessage?.RequestUri}: {answer.StatusCode}");
        return (await answer.Content.ReadFromJsonAsync<Problem>())!;
    }

    /// <summary>Lists all entries, page by page.</summary>
    public static async Task<IReadOnlyList<Entry>> ListAsync(this HttpClient http, string devmap, string query = "pageSize=100", int maxPages = 10_000)
    {
        var entries = new List<Entry>();
        var token = "";
        for (var pages = 0; pages < maxPages; pages++)
        {
            var page = await http.ReadAsync<EntryList>($"/v1/devmaps/{devmap}/entries?{query}{token}");
            entries.AddRange(page.Entries);
            if (page.NextPageToken is null)
                return entries;
            token = $"&pageToken={page.NextPageToken}";
        }

        throw new InvalidOperationException($"the list of {devmap} has not ended after {maxPages} pages");
    }

    private static async Task<T> AsAsync<T>(HttpResponseMessage answer, string path)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonSerializer.Deserialize<T>(text, JsonSerializerOptions.Web)!;
    }
}

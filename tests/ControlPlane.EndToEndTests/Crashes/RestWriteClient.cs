using System.Net.Http.Headers;
using System.Net.Http.Json;
using ControlPlane.EndToEndTests.Support;
using Devmapd.V1;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>Writes by REST, with <c>If-Match</c> and <c>If-None-Match</c>.</summary>
internal sealed class RestWriteClient(HttpClient http) : IWriteClient
{
    public bool HasMustExist => true;

    public async Task<ResourceVersion> PutEntryAsync(DesiredEntry desired, Precondition expected)
    {
        var e = await PutAsync<Entry>(
            EntryPath(desired.Devmap, desired.Key) + (desired.AllowPending ? "?allowPending=true" : ""),
            new { @interface = desired.Target, egressProgram = desired.Program, actions = new { destinationMac = desired.NextHop }, labels = desired.Labels },
            expected);
        return e.ResourceVersion(ResourceVersions.EntrySpec(e.Spec.Interface, e.Spec.EgressProgram, e.Spec.Actions?.DestinationMac, e.Spec.Labels));
    }

    public Task DeleteEntryAsync(string devmap, string key, Precondition expected) => DeleteAsync(EntryPath(devmap, key), expected);

    public async Task<ResourceVersion> PutProgramAsync(string name, uint vlan, Precondition expected)
    {
        var p = await PutAsync<Program>($"/v1/programs/{name}", new { template = "pushVlan", parameters = new { vlanId = vlan } }, expected);
        Assert.Equal("pushVlan", p.Spec.Template);
        return p.ResourceVersion(ResourceVersions.ProgramSpec($"{EgressTemplate.PushVlan}", p.Spec.Parameters.VlanId));
    }

    public Task DeleteProgramAsync(string name, Precondition expected) => DeleteAsync($"/v1/programs/{name}", expected);

    public async Task<ResourceVersion> AttachAsync(string devmap, string ingress, Precondition expected)
    {
        var a = await PutAsync<Attachment>(AttachmentPath(devmap, ingress), new { mode = "native" }, expected);
        Assert.Equal("native", a.Spec.Mode);
        return a.ResourceVersion($"{AttachMode.Native}");
    }

    public Task DetachAsync(string devmap, string ingress, Precondition expected) => DeleteAsync(AttachmentPath(devmap, ingress), expected);

    private static string EntryPath(string devmap, string key) => $"/v1/devmaps/{devmap}/entries/{key}";

    private static string AttachmentPath(string devmap, string ingress) => $"/v1/devmaps/{devmap}/attachments/{ingress}";

    private async Task<T> PutAsync<T>(string path, object body, Precondition expected)
        where T : Resource
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = JsonContent.Create(body) };
        using var answer = await SendAsync(request, expected);
        var resource = await ReadAsync<T>(answer);
        Assert.Equal($"\"{resource.Revision}\"", answer.Headers.ETag?.Tag);
        return resource;
    }

    private async Task DeleteAsync(string path, Precondition expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, path);
        using var answer = await SendAsync(request, expected);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Precondition expected)
    {
        if (expected.MustNotExist)
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        if (expected.MustExist)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        else if (expected.Revision is { } revision)
            request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{revision}\""));
        try
        {
            var answer = await http.SendAsync(request);
            if (answer.IsSuccessStatusCode)
                return answer;
            using (answer)
            {
                var problem = await ReadAsync<Problem>(answer);
                throw new RefusedException(problem.Code, problem.Detail);
            }
        }
        catch (HttpRequestException e)
        {
            throw new NoAnswerException(e);
        }
    }

    // The body is already here: HttpClient buffers it.
    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<T>())!;

    private abstract record Resource(long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime)
    {
        public ResourceVersion ResourceVersion(string spec) => new(spec, Revision, CreateTime, UpdateTime);
    }

    private sealed record Entry(EntrySpec Spec, long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime)
        : Resource(Revision, CreateTime, UpdateTime);

    private sealed record EntrySpec(string Interface, string? EgressProgram, Actions? Actions, Dictionary<string, string> Labels);

    private sealed record Actions(string? DestinationMac);

    private sealed record Program(ProgramSpec Spec, long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime)
        : Resource(Revision, CreateTime, UpdateTime);

    private sealed record ProgramSpec(string Template, Parameters Parameters);

    private sealed record Parameters(uint? VlanId);

    private sealed record Attachment(AttachmentSpec Spec, long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime)
        : Resource(Revision, CreateTime, UpdateTime);

    private sealed record AttachmentSpec(string Mode);
}

using ControlPlane.Client;
using ControlPlane.EndToEndTests.Support;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>Writes by gRPC, with <c>expected_revision</c>.</summary>
internal sealed class GrpcWriteClient(DevmapdClient client) : IWriteClient
{
    public bool HasMustExist => false;

    public async Task<ResourceVersion> PutEntryAsync(DesiredEntry desired, Precondition expected)
    {
        var spec = new Devmapd.V1.EntrySpec { Interface = desired.Target, Labels = { desired.Labels.ToDictionary() } };
        if (desired.Program is not null)
            spec.EgressProgram = desired.Program;
        if (desired.NextHop is not null)
            spec.Actions = new() { DestinationMac = desired.NextHop };
        return ResourceVersions.Of(await AnswerAsync(client.PutEntryAsync(desired.Devmap, desired.Key, spec, desired.AllowPending, Revision(expected))));
    }

    public Task DeleteEntryAsync(string devmap, string key, Precondition expected) =>
        AnswerAsync(client.DeleteEntryAsync(devmap, key, Revision(expected)));

    public async Task<ResourceVersion> PutProgramAsync(string name, uint vlan, Precondition expected)
    {
        var spec = new EgressProgramSpec { Template = EgressTemplate.PushVlan, Parameters = new() { VlanId = vlan } };
        return ResourceVersions.Of(await AnswerAsync(client.PutProgramAsync(name, spec, Revision(expected))));
    }

    public Task DeleteProgramAsync(string name, Precondition expected) => AnswerAsync(client.DeleteProgramAsync(name, Revision(expected)));

    public async Task<ResourceVersion> AttachAsync(string devmap, string ingress, Precondition expected)
    {
        var spec = new Devmapd.V1.AttachmentSpec { Mode = AttachMode.Native };
        return ResourceVersions.Of(await AnswerAsync(client.PutAttachmentAsync(devmap, ingress, spec, expectedRevision: Revision(expected))));
    }

    public Task DetachAsync(string devmap, string ingress, Precondition expected) =>
        AnswerAsync(client.DeleteAttachmentAsync(devmap, ingress, Revision(expected)));

    private static long? Revision(Precondition expected) => expected.MustNotExist ? 0 : expected.Revision;

    private static async Task<T> AnswerAsync<T>(Task<T> call)
    {
        await AnswerAsync((Task)call);
        return await call;
    }

    private static async Task AnswerAsync(Task call)
    {
        try
        {
            await call;
        }
        catch (DevmapdException e) when (e.Code is not null)
        {
            throw new RefusedException(e.Code, e.Message);
        }
        catch (DevmapdException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown)
        {
            throw new NoAnswerException(e);
        }
    }
}

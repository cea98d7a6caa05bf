namespace ControlPlane.Core.Errors;

/// <summary>The errors for resources that do not exist.</summary>
internal static class NotFound
{
    public static ControlPlaneException Devmap(string devmap) => new(new Error(ErrorCode.DevmapNotFound, $"There is no devmap '{devmap}'.")
    {
        Resource = $"devmaps/{devmap}",
        Remedy = "Devmaps are declared in the daemon's configuration; GET /v1/devmaps lists them.",
    });

    public static ControlPlaneException Entry(string devmap, string key) =>
        new(new Error(ErrorCode.EntryNotFound, $"The devmap '{devmap}' has no entry '{key}'.") { Resource = $"devmaps/{devmap}/entries/{key}" });

    public static ControlPlaneException Attachment(string devmap, string interfaceName) =>
        new(new Error(ErrorCode.AttachmentNotFound, $"The redirect program of the devmap '{devmap}' is not attached to '{interfaceName}'.")
        {
            Resource = $"devmaps/{devmap}/attachments/{interfaceName}",
        });

    public static ControlPlaneException Program(string program) =>
        new(new Error(ErrorCode.ProgramNotFound, $"There is no egress program '{program}'.") { Resource = $"programs/{program}" });
}

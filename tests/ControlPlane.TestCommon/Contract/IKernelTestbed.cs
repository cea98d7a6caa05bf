using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon.Contract;

/// <summary>A kernel and its host, real or simulated, as the contract suite drives it.</summary>
public interface IKernelTestbed : IDisposable
{
    /// <summary>Opens the kernel as a daemon that has just started does.</summary>
    IKernel Open();

    /// <summary>Makes an interface that is up, has carrier and takes native XDP; gives its name.</summary>
    string AddInterface();

    /// <summary>Makes it again under a name it had.</summary>
    void AddInterface(string name);

    /// <summary>Makes a pair of veths that are up and accept no redirected frames; gives their names.</summary>
    (string Name, string PeerName) AddPair();

    /// <summary>Removes an interface.</summary>
    void RemoveInterface(string name);

    /// <summary>Renames an interface.</summary>
    void Rename(string name, string newName);

    /// <summary>Sets an interface up or down. A veth has carrier only while it and its peer are up.</summary>
    void SetUp(string name, bool up);

    /// <summary>Sets the MTU of an interface.</summary>
    void SetMtu(string name, uint mtu);

    /// <summary>Gives an interface an alternative name.</summary>
    void AddAltName(string name, string altName);

    /// <summary>Takes an alternative name from an interface.</summary>
    void RemoveAltName(string name, string altName);

    /// <summary>A name that no interface has.</summary>
    string FreeName();
}

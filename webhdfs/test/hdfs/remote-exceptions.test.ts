import { expect } from 'chai';
import {
  AccessDeniedError,
  AuthenticationRefusedError,
  FileExistsError,
  FileNotFoundError,
  InvalidPathError,
  RemoteFileSystemError,
  SafeModeError,
  StorageFullError,
} from '../../src/index.js';
import {
  parseRemoteException,
  remoteError,
  verdictOfRemote,
} from '../../src/hdfs/remote-exceptions.js';

const call = { path: '/p', operation: 'read', user: 'alice', server: 'nn:9870' };
const remote = (exception: string, message = 'm') => ({
  exception,
  javaClassName: `org.apache.hadoop.${exception}`,
  message,
});

describe('remote exceptions', () => {
  it('reads the JSON of a server, and cuts the stack trace of a DataNode', () => {
    const message = 'Permission denied: user=bob\n\tat org.apache.A.b(A.java:1)\n\tat c';
    const body = JSON.stringify({
      RemoteException: {
        exception: 'AccessControlException',
        javaClassName: 'org.apache.hadoop.security.AccessControlException',
        message,
      },
    });
    expect(parseRemoteException(body)).to.deep.equal({
      exception: 'AccessControlException',
      javaClassName: 'org.apache.hadoop.security.AccessControlException',
      message: 'Permission denied: user=bob',
    });
  });

  it('takes nothing else for one', () => {
    for (const body of [
      '',
      '<html>',
      '[]',
      'null',
      '{"RemoteException":null}',
      '{"RemoteException":{}}',
    ]) {
      expect(parseRemoteException(body), body).to.equal(undefined);
    }
  });

  for (const [name, type] of [
    ['FileNotFoundException', FileNotFoundError],
    ['FileAlreadyExistsException', FileExistsError],
    ['AccessControlException', AccessDeniedError],
    ['NSQuotaExceededException', StorageFullError],
    ['DSQuotaExceededException', StorageFullError],
    ['InvalidPathException', InvalidPathError],
    ['SecretManager$InvalidToken', AuthenticationRefusedError],
    ['SafeModeException', SafeModeError],
    ['NobodyKnowsException', RemoteFileSystemError],
    ['toString', RemoteFileSystemError],
  ] as const) {
    it(`makes ${name} a ${type.name}`, () => {
      expect(remoteError(call, remote(name))).to.be.instanceOf(type);
    });
  }

  it('keeps what the server said of an exception that it does not know, and does not repeat it', () => {
    const unknown = remote('NobodyKnowsException', 'the reason');
    expect(verdictOfRemote(unknown)).to.equal('final');
    expect(remoteError(call, unknown).message).to.equal(
      'cannot read /p: nn:9870 says org.apache.hadoop.NobodyKnowsException: the reason',
    );
  });

  it('finds what a wrapper is about in its text', () => {
    const standby = 'Operation category READ is not supported in state standby';
    expect(verdictOfRemote(remote('StandbyException', standby))).to.equal('failOver');
    expect(verdictOfRemote(remote('IOException', standby))).to.equal('failOver');
    const expired =
      'Failed to obtain user group information: org.apache.hadoop.security.token.SecretManager$InvalidToken: token (…) is expired';
    expect(remoteError(call, remote('SecurityException', expired))).to.be.instanceOf(
      AuthenticationRefusedError,
    );
    const gone = 'No active nodes contain this block';
    expect(verdictOfRemote(remote('IOException', gone))).to.equal('otherReplica');
    expect(verdictOfRemote(remote('IOException', 'something else'))).to.equal('final');
  });

  it('takes a refusal for a path below a file for what it is', () => {
    const below = remote('AccessControlException', '/user/a/file (is not a directory)');
    const make = { ...call, method: 'PUT' } as const;
    expect(remoteError(make, below)).to.be.instanceOf(FileExistsError);
    const look = { ...call, method: 'GET' } as const;
    expect(remoteError(look, below)).to.be.instanceOf(FileNotFoundError);
    const denied = 'Permission denied: user=a, inode="/(is not a directory)":root:root:drwx------';
    expect(remoteError(call, remote('AccessControlException', denied))).to.be.instanceOf(
      AccessDeniedError,
    );
  });

  it('does not look into the text of a class that says enough', () => {
    const path = remote('FileNotFoundException', 'File does not exist: /StandbyException');
    expect(verdictOfRemote(path)).to.equal('final');
  });
});
